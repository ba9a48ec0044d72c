import { assertEquals } from "@std/assert";
import { parseGitignore, parseIgnoreRule } from "./gitignore.ts";

const text = (name: string) => [...name].map((char) => ({ kind: "text" as const, char }));
const star = { kind: "star" as const };

Deno.test("parseIgnoreRule() reads the parts of a pattern", () => {
  assertEquals(parseIgnoreRule("!/a/**/*.o/"), {
    negated: true,
    dirOnly: true,
    anchored: true,
    segments: [text("a"), "**", [star, ...text(".o")]],
  });
  assertEquals(parseIgnoreRule("[!a]?"), {
    negated: false,
    dirOnly: false,
    anchored: false,
    segments: [[{ kind: "class", text: "[!a]" }, { kind: "any" }]],
  });
});

Deno.test("parseIgnoreRule() takes ** for special only between slashes", () => {
  const segmentsOf = (pattern: string) => parseIgnoreRule(pattern)!.segments;
  assertEquals(segmentsOf("**"), [[star]]);
  assertEquals(segmentsOf("a/b**"), [text("a"), [...text("b"), star]]);
  assertEquals(segmentsOf("a/***"), [text("a"), "**"]);
  assertEquals(segmentsOf("a/**/**/b"), [text("a"), "**", text("b")]);
  assertEquals(segmentsOf("a/*"), [text("a"), [star]]);
});

Deno.test("parseIgnoreRule() knows what can never match", () => {
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
      "[[:",
      "[[:none:]]",
      "\0",
    ]
  ) {
    assertEquals(parseIgnoreRule(pattern), undefined, JSON.stringify(pattern));
  }
});

Deno.test("parseGitignore() passes over comments, spaces, line ends and a byte order mark", () => {
  const kept = (gitignore: string) =>
    parseGitignore(gitignore).map(({ segments }) =>
      segments.flat().map((token) => typeof token === "object" && "char" in token ? token.char : "")
        .join("")
    );
  assertEquals(kept("\uFEFFa\r\n# b\n\n   \nc  \nd\\ \n\\#e\n f"), ["a", "c", "d ", "#e", " f"]);
});
