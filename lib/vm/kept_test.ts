import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { UsageError } from "../base/errors.ts";
import { interactiveSshCommand } from "./kept.ts";
import { refuseOtherNetwork, warnOfNetwork } from "./run_command.ts";

Deno.test("interactiveSshCommand() is a login shell in a terminal, or one command without", () => {
  const shell = interactiveSshCommand("/run/config", [], {});
  assertEquals(shell.slice(0, 4), ["ssh", "-F", "/run/config", "-t"]);
  assertMatch(shell.at(-1) ?? "", /bash -l/);
  const command = interactiveSshCommand("/run/config", ["echo", "a b"], { http_proxy: "http://x" });
  assertEquals(command.includes("-t"), false);
  assertMatch(command.at(-1) ?? "", /^export http_proxy=.*echo 'a b'$/s);
});

const RECORD = {
  ...{ id: "p-1", platform: "p", pid: 1, startTime: "1", sshPort: 1, user: "ci" },
  ...{ imageDir: "/image", accelerator: "tcg", memoryMiB: 1, cores: 1, kept: true },
  ...{ started: "", console: "" },
} as const;

Deno.test("refuseOtherNetwork() accepts only the network that a kept guest has", () => {
  refuseOtherNetwork({ ...RECORD, network: "internet" }, "internet");
  refuseOtherNetwork({ ...RECORD, network: ["a.example", "b.example"] }, [
    "a.example",
    "b.example",
  ]);
  // Records of former versions name none.
  refuseOtherNetwork(RECORD, "open");
  for (const wanted of ["none", "open", ["a.example"]] as const) {
    const refuse = () => refuseOtherNetwork({ ...RECORD, network: "internet" }, wanted);
    const { next } = assertThrows(refuse, UsageError, "that is up has internet");
    assertEquals(next, "pass --fresh to start another guest");
  }
});

Deno.test("warnOfNetwork() says nothing if the network was not involved", () => {
  const told: string[] = [];
  const warn = (details: string[], next?: string) =>
    warnOfNetwork({
      env: {},
      explain: () => ({ details, ...(next === undefined ? {} : { next }) }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }, (text) => told.push(text));
  warn([], "change it");
  warn(["x.example was refused"]);
  warn(["x.example was refused"], "allow it");
  assertEquals(told, ["x.example was refused", "x.example was refused\n  next: allow it"]);
});
