import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../base/errors.ts";
import type { Log } from "../base/terminal/log.ts";
import type { NetworkRule } from "../config/network.ts";
import { networkRule } from "./guest_rules.ts";

/** The rule for a flag and a project, and the warnings. */
function ruleFor(flag: string | undefined, network?: NetworkRule) {
  const warnings: string[] = [];
  const log = { warn: (text: string) => warnings.push(text) } as unknown as Log;
  const project = network === undefined ? undefined : { network };
  return { rule: networkRule(flag, log, project), warnings };
}

Deno.test("networkRule() takes the flag, or else the project's rule, or else the internet", () => {
  assertEquals(ruleFor(undefined), { rule: "internet", warnings: [] });
  assertEquals(ruleFor(undefined, ["a.example"]), { rule: ["a.example"], warnings: [] });
  assertEquals(ruleFor("none", "internet"), { rule: "none", warnings: [] });
  assertEquals(ruleFor("b.example,c.example", "none").rule, ["b.example", "c.example"]);
  assertEquals(ruleFor("open", "none"), { rule: "open", warnings: [] });
  assertThrows(() => ruleFor("opne:1"), UsageError, "it names no rule");
  // A host name of one word would be useless, and the typo unnoticed.
  assertThrows(() => ruleFor("opne"), UsageError, 'it names no rule, did you mean "open"?');
  for (const flag of ["user", "gvproxy", ""]) {
    assertThrows(() => ruleFor(flag), UsageError, "it names no rule");
  }
});

Deno.test("networkRule() warns about a project that opens the network, unless overruled", () => {
  const { rule, warnings } = ruleFor(undefined, "open");
  assertEquals([rule, warnings.length], ["open", 1]);
  assertEquals(warnings[0]!.endsWith("To refuse: --network internet"), true);
  assertEquals(ruleFor("internet", "open"), { rule: "internet", warnings: [] });
});
