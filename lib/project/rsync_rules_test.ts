import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { git, makeTree, sentFiles } from "./excludes_testing.ts";
import { parseGitignore } from "./gitignore.ts";
import { pathRule, toRsyncRules } from "./rsync_rules.ts";

Deno.test("toRsyncRules() rewrites each kind of pattern", () => {
  const cases: [pattern: string, baseDir: string, rules: string[]][] = [
    ["*.o", "", ["- *.o"]],
    ["build/", "", ["- build/"]],
    ["/build", "", ["- /build"]],
    ["doc/*.txt", "", ["- /doc/*.txt"]],
    ["!keep", "", ["+ keep"]],
    ["*.o", "a/b", ["- /a/b/*.o", "- /a/b/**/*.o"]],
    ["/x", "a", ["- /a/x"]],
    ["**/x", "", ["- /x", "- /**/x"]],
    ["a/**/b", "", ["- /a/b", "- /a/**/b"]],
    ["a/**", "", ["- /a/**"]],
    ["a**b", "", ["- a*b"]],
    ["x/a**b", "", ["- /x/a*b"]],
    ["\\#x", "", ["- #x"]],
    ["\\*x", "", ["- [*]x"]],
    ["\\\\x", "", ["- \\x"]],
    ["\\\\*", "", ["- \\\\*"]],
    ["[!a-c]?", "", ["- [!a-c]?"]],
    ["*", "we*ird", ["- /we[*]ird/*", "- /we[*]ird/**/*"]],
    ["a\rb", "", ["- a[[:cntrl:]]b"]],
    ["**/".repeat(9) + "x", "", ["- /x", "- /**/x"]],
    ["a/**/b/**/".repeat(5) + "x", "", []],
  ];
  for (const [pattern, baseDir, rules] of cases) {
    assertEquals(toRsyncRules(parseGitignore(pattern), baseDir), rules, pattern);
  }
});

Deno.test("toRsyncRules() turns the order round: git's last match is rsync's first", () => {
  assertEquals(toRsyncRules(parseGitignore("*\n!*.c\n")), ["+ *.c", "- *"]);
});

Deno.test("pathRule() stands for one path only, whatever its name", async () => {
  const names = [
    "a*",
    "ab",
    "[x]",
    "x",
    "a\\b",
    "a\\*",
    " lead",
    "trail ",
    "new\nline",
    "#c",
    "- d",
  ];
  await using tree = await makeTree(Object.fromEntries(names.map((name) => [name, ""])));
  for (const name of names) {
    assertEquals(
      await sentFiles(tree.dir, pathRule("-", name) + "\n"),
      names.filter((other) => other !== name).sort(),
      name,
    );
  }
});

/** Names and patterns over few letters, so that they meet often. */
const word = fc.constantFrom("a", "b", "ab", "a.o", "b.o", " a", "a b", "a\\b", "#a", "!a", "é");
const path = fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const piece = [
  ...String.raw`* *.o a* *b ? a? [ab] [!a] [^b]* [[:alpha:]] [a-] []a] ** ** ** *** a** \a`.split(
    " ",
  ),
  ...String.raw`\#a \!a a\ [a a\\b *a* ?.o [#!]a [\]a] [a/b] ?? \* [[:x:]] [[: [[:a]`.split(" "),
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

/** What rsync sends by the translation of `.gitignore` files (by folder), and what git keeps. */
async function compare(
  files: Readonly<Record<string, string>>,
  gitignores: readonly (readonly [dir: string, text: string])[],
): Promise<{ sent: string[]; kept: string[]; filter: string }> {
  const ignoreFiles = gitignores.map(([dir, text]) => [`${dir || "."}/.gitignore`, text]);
  await using tree = await makeTree({ ...files, ...Object.fromEntries(ignoreFiles) });
  await git(tree.dir, "init", "-q");
  const kept = await git(tree.dir, "ls-files", "-z", "--others", "--exclude-standard");
  // The deepest first, as it wins.
  const rules = gitignores.toSorted(([a], [b]) => b.length - a.length)
    .flatMap(([dir, text]) => toRsyncRules(parseGitignore(text), dir));
  const filter = ["- .git", ...rules].join("\n") + "\n";
  return {
    sent: await sentFiles(tree.dir, filter),
    kept: kept.split("\0").filter((path) => path !== "").sort(),
    filter,
  };
}

Deno.test("toRsyncRules() agrees with git on each of a list of patterns", async () => {
  const names = [...String.raw`a b ] \ a] a^ ! - * ab #a é é.o`.split(" "), "a b", "a "];
  const paths = [...names, ...names.map((n) => `d/${n}`), ...names.map((n) => `d/a.d/x/${n}`)];
  const patterns = [
    ...String.raw`[]a] [!]a] [\]a] [\\] [a [a- [^a] []-a] [!-] [[:alpha:]] a[]] [[:x:]]`.split(" "),
    ...String.raw`[[:] [[:a] [[:alpha:]#]a [a/b] d[/]a ? ?? ??? \? *? ** /** **/ /**/a`.split(" "),
    ...String.raw`d/** d/**/ d/**/a **/d/** **/x/* d/**/**/a *** d/*** d/* d/*/ */a`.split(" "),
    ...String.raw`/*/ /a a/ d/ /d/a d//a d/a// //a ! !a \#a #a \! \a a\ \* \\ \\* / \/`.split(" "),
    ...["*\n!a", "*\n!*/\n!a", "d/\n!d/a", "d/*\n!d/a", "d\\/a", "a\t", "\0a"],
    ...["a ", "a\\ ", "a\\  ", " a", "a\r", "\uFEFFa"],
  ];
  // Each pattern in a folder of its own, with the same files, so that git and rsync run once.
  const folders = patterns.map((pattern, index) => [`p${index}`, pattern] as const);
  const files = folders.flatMap(([dir]) => paths.map((path) => [`${dir}/${path}`, ""]));
  const { sent, kept } = await compare(Object.fromEntries(files), folders);
  for (const [dir, pattern] of folders) {
    const below = (all: readonly string[]) => all.filter((path) => path.startsWith(`${dir}/`));
    const rules = toRsyncRules(parseGitignore(pattern)).join("\n");
    assertEquals(below(sent), below(kept), `${JSON.stringify(pattern)} became\n${rules}`);
  }
});

Deno.test("toRsyncRules() makes rsync send exactly what git does not ignore", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(path, { minLength: 1, maxLength: 12 }),
      gitignore,
      fc.constantFrom("a", "b", "ab", "a/b", "a b"),
      gitignore,
      async (paths, atRoot, nestedDir, nested) => {
        const files: Record<string, string> = {};
        // A path cannot be both a file and a folder: the first one that says so stays.
        for (const path of paths) {
          const clash = [...Object.keys(files), `${nestedDir}/.gitignore`].some((other) =>
            other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`)
          );
          if (!clash) files[path] = "";
        }
        const { sent, kept, filter } = await compare(files, [["", atRoot], [nestedDir, nested]]);
        assertEquals(sent, kept, filter);
      },
    ),
    { numRuns: 40 },
  );
});
