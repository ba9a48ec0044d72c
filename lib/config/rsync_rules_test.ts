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
const patternPart = fc.oneof(
  { weight: 4, arbitrary: word },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      ...[
        "*",
        "*.o",
        "a*",
        "*b",
        "?",
        "a?",
        "[ab]",
        "[!a]",
        "[^b]*",
        "[[:alpha:]]",
        "[a-]",
        "[]a]",
      ],
      ...["**", "**", "**", "***", "a**", "\\a", "\\#a", "\\!a", "\\ a", "a\\", "[a", "a\\\\b", ""],
      ...["*a*", "?.o", "[#!]a", "[\\]a]", "[a/b]", "??", "\\*", "[[:x:]]", "[[:", "[[:a]"],
    ),
  },
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

/** What rsync sends by the translation of both files, and what git does not ignore. */
async function compare(
  files: Readonly<Record<string, string>>,
  atRoot: string,
  nestedDir = "",
  nested = "",
): Promise<{ sent: string[]; kept: string[]; filter: string }> {
  const ignores = {
    ".gitignore": atRoot,
    ...(nestedDir === "" ? {} : { [`${nestedDir}/.gitignore`]: nested }),
  };
  await using tree = await makeTree({ ...files, ...ignores });
  await git(tree.dir, "init", "-q");
  const kept = await git(tree.dir, "ls-files", "-z", "--others", "--exclude-standard");
  const filter = [
    "- .git",
    ...toRsyncRules(parseGitignore(nested), nestedDir),
    ...toRsyncRules(parseGitignore(atRoot)),
  ].join("\n") + "\n";
  return {
    sent: await sentFiles(tree.dir, filter),
    kept: kept.split("\0").filter((path) => path !== "").sort(),
    filter,
  };
}

Deno.test("toRsyncRules() agrees with git on each of a list of patterns", async () => {
  const names = [
    "a",
    "b",
    "]",
    "\\",
    "a]",
    "a^",
    "!",
    "-",
    "*",
    "ab",
    "a b",
    "#a",
    "a ",
    "é",
    "é.o",
  ];
  const paths = [...names, ...names.map((n) => `d/${n}`), ...names.map((n) => `d/a.d/x/${n}`)];
  const files = Object.fromEntries(paths.map((path) => [path, ""]));
  const patterns = [
    ...[
      "[]a]",
      "[!]a]",
      "[\\]a]",
      "[\\\\]",
      "[a",
      "[a-",
      "[^a]",
      "[]-a]",
      "[!-]",
      "[[:alpha:]]",
      "a[]]",
    ],
    ...[
      "[[:x:]]",
      "[[:]",
      "[[:a]",
      "[[:alpha:]#]a",
      "[a/b]",
      "d[/]a",
      "?",
      "??",
      "???",
      "\\?",
      "*?",
    ],
    ...["**", "/**", "**/", "/**/a", "d/**", "d/**/", "d/**/a", "**/d/**", "**/x/*", "d/**/**/a"],
    ...[
      "***",
      "d/***",
      "d/*",
      "d/*/",
      "*/a",
      "/*/",
      "/a",
      "a/",
      "d/",
      "/d/a",
      "d//a",
      "d/a//",
      "//a",
    ],
    ...[
      "!",
      "!a",
      "*\n!a",
      "*\n!*/\n!a",
      "d/\n!d/a",
      "d/*\n!d/a",
      "\\#a",
      "#a",
      "\\!",
      "\\a",
      "a\\",
    ],
    ...[
      "a ",
      "a\\ ",
      "a\\  ",
      " a",
      "a\r",
      "\uFEFFa",
      "\\*",
      "\\\\",
      "\\\\*",
      "/",
      "\\/",
      "d\\/a",
      "a\t",
      "\0a",
    ],
  ];
  for (const pattern of patterns) {
    const { sent, kept, filter } = await compare(files, pattern);
    assertEquals(sent, kept, `${JSON.stringify(pattern)} became\n${filter}`);
  }
});

Deno.test("toRsyncRules() makes rsync send exactly what git does not ignore", async () => {
  const runs = Number(Deno.env.get("GUESTHOUSE_FUZZ_RUNS") ?? 40);
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
        const { sent, kept, filter } = await compare(files, atRoot, nestedDir, nested);
        assertEquals(sent, kept, filter);
      },
    ),
    { numRuns: runs },
  );
});
