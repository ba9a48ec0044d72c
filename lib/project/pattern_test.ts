import { assertEquals } from "@std/assert";
import { readPattern } from "./pattern.ts";

Deno.test("readPattern() knows what can never match", () => {
  for (
    const pattern of [
      "",
      "!",
      "/",
      "//a",
      "a//b",
      "a//",
      "a\\",
      "[a",
      "[]",
      "[!]",
      "a/[]/b",
      "[[:",
      "[[:none:]]",
      "[[:constructor:]]",
    ]
  ) {
    assertEquals(readPattern(pattern), undefined, JSON.stringify(pattern));
  }
});

Deno.test("readPattern() takes what can", () => {
  for (
    const pattern of [
      ...["a", "!a", "/a/", "a/**/b", "\\[", "a\\ ", "[]]", "[!]]", "[]-a]", "[\\]]", "[a/b]"],
      ...["[[:]", "[[:a]", "[[:alpha:]]", "[[]", "[^a-c]*?", "[z-a]", "]"],
    ]
  ) {
    assertEquals(readPattern(pattern) !== undefined, true, JSON.stringify(pattern));
  }
});

Deno.test("readPattern() tells of ranges of bracket expressions that go down", () => {
  const cases: [pattern: string, down: boolean][] = [
    ["[z-a]", true],
    ["x[a-c9-0]", true],
    ["[!\\]-\\[]", true],
    ["[a-z]", false],
    ["[-a]", false],
    ["[z-]", false],
    ["z-a", false],
    ["\\[z-a]", false],
    ["[[:alpha:]-a]", false],
    ["[!-z-a]", true],
  ];
  for (const [pattern, down] of cases) assertEquals(readPattern(pattern)?.goesDown, down, pattern);
});
