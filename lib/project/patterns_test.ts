import { assertEquals } from "@std/assert";
import { canMatch, goesDown } from "./patterns.ts";

Deno.test("canMatch() knows what can never match", () => {
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
      "\0",
    ]
  ) {
    assertEquals(canMatch(pattern), false, JSON.stringify(pattern));
  }
});

Deno.test("canMatch() takes what can", () => {
  for (
    const pattern of [
      ...["a", "!a", "/a/", "a/**/b", "\\[", "a\\ ", "[]]", "[!]]", "[]-a]", "[\\]]", "[a/b]"],
      ...["[[:]", "[[:a]", "[[:alpha:]]", "[[]", "[^a-c]*?", "[z-a]", "]"],
    ]
  ) {
    assertEquals(canMatch(pattern), true, JSON.stringify(pattern));
  }
});

Deno.test("goesDown() looks at ranges of bracket expressions", () => {
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
  ];
  for (const [pattern, down] of cases) assertEquals(goesDown(pattern), down, pattern);
});
