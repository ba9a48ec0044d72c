import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { projectFiles } from "./project_files.ts";
import { git, makeTree, run } from "./excludes_testing.ts";
import { IgnoreRules } from "./ignore_rules.ts";
import { fromText, toText } from "./path_bytes.ts";

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
    ...["a ", "a\\ ", "a\\  ", " a", "a\r", "\uFEFFa", "[b-a]", "d/[!b-a]"],
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

Deno.test("IgnoreRules agree with git check-ignore on random patterns and paths", async () => {
  const [patterns, paths] = [fc.sample(pattern, 600), fc.sample(path, 60)];
  const dirs = patterns.map((_, index) => `d${index}`);
  const files = patterns.map((text, index) => [`d${index}/.gitignore`, text] as const);
  await using tree = await makeTree(Object.fromEntries(files));
  await git(tree.dir, "init", "-q");
  const asked = dirs.flatMap((dir) => paths.map((path) => `${dir}/${path}`));
  await Deno.writeTextFile(`${tree.dir}/asked`, asked.map((path) => `${path}\0`).join(""));
  const check = `git -C "$1" check-ignore --no-index -z --stdin <"$1/asked"; [ $? -le 1 ]`;
  const ignored = new Set((await run("sh", ["-c", check, "sh", tree.dir])).split("\0"));
  for (const [index, text] of patterns.entries()) {
    const rules = IgnoreRules.fromText(fromText(text));
    for (const path of paths) {
      const names = fromText(path).split("/");
      // Whatever lies in an ignored directory is ignored, and none of these exists.
      const own = names.some((_, at) => {
        const end = at === names.length - 1 ? "" : "/";
        return rules.judge(names.slice(0, at + 1).join("/") + end)?.ignored === true;
      });
      assertEquals(own, ignored.has(`d${index}/${path}`), JSON.stringify([text, path]));
    }
  }
});

Deno.test("IgnoreRules pass over lines that are too long, and a byte order mark at the start alone", () => {
  const rules = IgnoreRules.fromText(`\xef\xbb\xbfz\n${"*a".repeat(3000)}\n\xef`);
  const ignores = (path: string) => rules.judge(path)?.ignored === true;
  assertEquals(["z", "a", "\xef"].map(ignores), [true, false, true]);
});

Deno.test("IgnoreRules judge the deepest of paths by the worst of patterns", () => {
  // Each would take longer than the universe has been there, were all readings tried in turn.
  const worst = new IgnoreRules(["a/**/b/**/c/**/".repeat(40) + "x", "*a".repeat(120) + "b"]);
  const paths = ["a/b/c/".repeat(600) + "y", "a/b/c/".repeat(600) + "x", "a".repeat(255)];
  assertEquals(paths.map((path) => worst.judge(path)?.ignored), [undefined, true, undefined]);
  const many = Array.from({ length: 2000 }, (_, at) => `**/a/**/a/**/f${at}`).join("\n");
  const rules = IgnoreRules.fromText(many);
  for (const name of ["f0", "f1999"]) {
    assertEquals(rules.judge(`${"a/".repeat(500)}${name}`)?.ignored, true);
  }
  for (let depth = 0; depth < 64; depth++) {
    assertEquals(rules.judge(`${"a/".repeat(depth)}g`), undefined);
  }
});

Deno.test("IgnoreRules take # and spaces of a list's patterns for themselves", () => {
  const rules = new IgnoreRules(["#a", "b  ", "!c"]);
  assertEquals(["#a", "b  ", "b", "c"].map((path) => rules.judge(path)?.ignored), [
    ...[true, true, undefined, false],
  ]);
});
