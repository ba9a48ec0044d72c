import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { projectFiles } from "./project_files.ts";
import { git, makeTree } from "./excludes_testing.ts";
import { IgnoreRules } from "./ignore_rules.ts";
import { toText } from "./path_bytes.ts";

/** Names and patterns over few letters, so that they meet often. */
const word = fc.constantFrom("a", "b", "ab", "a.x", "b.x", " a", "a b", "a\\b", "#a", "!a", "é");
const path = fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const piece = [
  ...String.raw`* *.x a* *b ? a? [ab] [!a] [^b]* [[:alpha:]] [a-] []a] ** ** ** *** a** \a`.split(
    " ",
  ),
  ...String.raw`\#a \!a a\ [a a\\b *a* ?.x [#!]a [\]a] [a/b] ?? \* [[:x:]] [[: [[:a]`.split(" "),
  ...["\\ a", ""],
];
const patternPart = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 5, arbitrary: fc.constantFrom(...piece) },
);
const pattern = fc.tuple(
  fc.constantFrom("", "", "", "!", "!"),
  fc.constantFrom("", "", "/"),
  fc.array(patternPart, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
  fc.constantFrom("", "", "/", " ", "\r"),
).map((parts) => parts.join("")).filter((text) => !beginsMidSegment(text));
const gitignore = fc.array(pattern, { maxLength: 5 }).map((lines) => lines.join("\n"));

/**
 * git compares the part of a pattern before its first wildcard by itself, and so takes the `**`
 * of `a/b**` + `/c` for one that stands alone, against its own manual. Such patterns are left out.
 */
function beginsMidSegment(text: string): boolean {
  return /^[^*?[\\]*[^*?[\\/!]\*\*/.test(text) && text.includes("/");
}

/** What is sent by `.gitignore` files (by directory), and what git keeps. */
async function compare(
  files: Readonly<Record<string, string>>,
  gitignores: readonly (readonly [dir: string, text: string])[],
): Promise<{ sent: string[]; kept: string[] }> {
  const ignoreFiles = gitignores.map(([dir, text]) => [`${dir || "."}/.gitignore`, text]);
  await using tree = await makeTree({ ...files, ...Object.fromEntries(ignoreFiles) });
  await git(tree.dir, "init", "-q");
  const kept = await git(tree.dir, "ls-files", "-z", "--others", "--exclude-standard");
  const { paths } = await projectFiles({ dir: tree.dir, excludes: [] });
  return {
    sent: paths.filter((path) => !path.endsWith("/")).map(toText).sort(),
    kept: kept.split("\0").filter((path) => path !== "").sort(),
  };
}

Deno.test("IgnoreRules agree with git on each of a list of patterns", async () => {
  const names = [...String.raw`a b ] \ a] a^ ! - * ab #a é é.x`.split(" "), "a b", "a "];
  const paths = [...names, ...names.map((n) => `d/${n}`), ...names.map((n) => `d/a.d/x/${n}`)];
  const patterns = [
    ...String.raw`[]a] [!]a] [\]a] [\\] [a [a- [^a] []-a] [!-] [[:alpha:]] a[]] [[:x:]]`.split(" "),
    ...String.raw`[[:] [[:a] [[:alpha:]#]a [a/b] d[/]a ? ?? ??? \? *? ** /** **/ /**/a`.split(" "),
    ...String.raw`d/** d/**/ d/**/a **/d/** **/x/* d/**/**/a *** d/*** d/* d/*/ */a`.split(" "),
    ...String.raw`/*/ /a a/ d/ /d/a d//a d/a// //a ! !a \#a #a \! \a a\ \* \\ \\* / \/`.split(" "),
    ...["*\n!a", "*\n!*/\n!a", "d/\n!d/a", "d/*\n!d/a", "d\\/a", "a\t", "\0a"],
    ...["a ", "a\\ ", "a\\  ", " a", "a\r", "\uFEFFa"],
  ];
  // Each pattern in a directory of its own, with the same files, so that git runs once.
  const dirs = patterns.map((pattern, index) => [`p${index}`, pattern] as const);
  const files = dirs.flatMap(([dir]) => paths.map((path) => [`${dir}/${path}`, ""]));
  const { sent, kept } = await compare(Object.fromEntries(files), dirs);
  for (const [dir, pattern] of dirs) {
    const below = (all: readonly string[]) => all.filter((path) => path.startsWith(`${dir}/`));
    assertEquals(below(sent), below(kept), JSON.stringify(pattern));
  }
});

Deno.test("IgnoreRules make projectFiles() name exactly what git does not ignore", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(path, { minLength: 1, maxLength: 12 }),
      gitignore,
      fc.constantFrom("a", "b", "ab", "a/b", "a b"),
      gitignore,
      async (paths, atRoot, nestedDir, nested) => {
        const files: Record<string, string> = {};
        // A path cannot be both a file and a directory: the first one that says so stays.
        for (const path of paths) {
          const clash = [...Object.keys(files), `${nestedDir}/.gitignore`].some((other) =>
            other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`)
          );
          if (!clash) files[path] = "";
        }
        const { sent, kept } = await compare(files, [["", atRoot], [nestedDir, nested]]);
        assertEquals(sent, kept, JSON.stringify([atRoot, nestedDir, nested]));
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("IgnoreRules pass over lines that take too long, and judge no path that is too deep", () => {
  const text = ["a/**/b/**/".repeat(3) + "x", "*a".repeat(3000), "**/".repeat(4) + "y", "\xef"]
    .join("\n");
  const rules = IgnoreRules.fromText(`\xef\xbb\xbfz\n${text}`);
  const ignores = (path: string) => rules.judge(path)?.ignored === true;
  assertEquals(["a/b/a/b/a/b/x", "a", "q/y", "z", "\xef"].map(ignores), [
    ...[false, false, true, true, true],
  ]);
  const deep = IgnoreRules.fromPatterns(["a/**/b/**/c/**/x", "*a*a*a*a*a*a*b"]);
  const start = performance.now();
  for (const path of ["a/b/c/".repeat(2000) + "y", "a/b/c/".repeat(20) + "y", "a".repeat(255)]) {
    assertEquals(deep.judge(path), undefined);
  }
  assert(performance.now() - start < 2000);
});

Deno.test("IgnoreRules take # and spaces of a list's patterns for themselves", () => {
  const rules = IgnoreRules.fromPatterns(["#a", "b  ", "!c"]);
  assertEquals(["#a", "b  ", "b", "c"].map((path) => rules.judge(path)?.ignored), [
    ...[true, true, undefined, false],
  ]);
});

Deno.test("IgnoreRules.fromText() passes over what takes long, and keeps all that does not", () => {
  const costly = Array.from({ length: 2000 }, (_, at) => `**/a/**/a/**/f${at}`);
  const rules = IgnoreRules.fromText([...costly, "**/last", "**/a/**/a/**/a/**/a/**/b"].join("\n"));
  assertEquals(rules.judge("x/a/a/f15")?.ignored, true);
  assertEquals(rules.judge("x/a/a/f16"), undefined);
  assertEquals(rules.judge("x/last")?.ignored, true);
  assertEquals(rules.judge("a/a/a/a/b"), undefined);
  // A path of as many names as are compared, which 2000 such lines took more than a minute for.
  assertEquals(rules.judge(`${"a/".repeat(63)}c`), undefined);
});
