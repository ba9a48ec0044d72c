import { assertEquals } from "@std/assert";
import { normalHost, parseNetwork, showNetwork, whyNotHost } from "./network.ts";

Deno.test("parseNetwork() takes modes and lists of host names, and nothing else", () => {
  const cases: [string, ReturnType<typeof parseNetwork>][] = [
    ["internet", "internet"],
    ["none", "none"],
    ["open", "open"],
    ["Example.ORG.", ["example.org"]],
    ["example.org, deb.debian.org", ["example.org", "deb.debian.org"]],
    ["", undefined],
    ["example.org,", undefined],
    ["*.example.org", undefined],
    ["http://example.org", undefined],
    ["example.org:443", undefined],
    ["-x.org", undefined],
    ["bücher.example", undefined],
  ];
  for (const [text, rule] of cases) assertEquals(parseNetwork(text), rule, text);
});

Deno.test("normalHost() refuses names that are too long", () => {
  assertEquals(normalHost(`${"a".repeat(63)}.org`), `${"a".repeat(63)}.org`);
  assertEquals(normalHost(`${"a".repeat(64)}.org`), undefined);
  assertEquals(normalHost(Array(64).fill("abc").join(".")), undefined);
});

Deno.test("showNetwork() writes a rule so that parseNetwork() reads it", () => {
  for (const rule of ["internet", "none", "open", ["a.example", "b.example"]] as const) {
    assertEquals(parseNetwork(showNetwork(rule)), rule);
  }
});

Deno.test("whyNotHost() compares whole names, in any case, with a dot at the end or without", () => {
  const list = ["Example.org", "deb.debian.org"];
  const cases: [string, boolean][] = [
    ["example.org", true],
    ["EXAMPLE.org.", true],
    ["deb.debian.org", true],
    ["www.example.org", false],
    ["xexample.org", false],
    ["example.org.evil.test", false],
    ["org", false],
    ["198.51.100.1", false],
    ["2606:4700::1111", false],
  ];
  for (const [host, allowed] of cases) {
    assertEquals(whyNotHost(list, host) === undefined, allowed, host);
    assertEquals(whyNotHost("internet", host), undefined);
    assertEquals(whyNotHost("none", host), 'the rule is "none"');
  }
});
