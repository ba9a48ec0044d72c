import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import * as fc from "fast-check";
import { runChecked } from "../host/process.ts";
import { artifactRules, unmatchedGlobs } from "./artifact_globs.ts";

const cases: { readonly glob: string; readonly rules: string[] }[] = [
  { glob: "a.out", rules: ["+ /a.out", "+ /a.out/***", "- *"] },
  { glob: "./build//app", rules: ["+ /build/", "+ /build/app", "+ /build/app/***", "- *"] },
  {
    glob: "**/*.deb",
    rules: ["+ /**/", "+ /*.deb", "+ /*.deb/***", "+ /**/*.deb", "+ /**/*.deb/***", "- *"],
  },
  {
    glob: "a/**/b/c",
    rules: [
      ...["+ /a/", "+ /a/**/", "+ /a/b/c", "+ /a/b/c/***"],
      ...["+ /a/**/b/c", "+ /a/**/b/c/***", "- *"],
    ],
  },
  { glob: "back\\slash", rules: ["+ /back\\slash", "+ /back\\\\slash/***", "- *"] },
];

for (const { glob, rules } of cases) {
  Deno.test(`artifactRules() lets ${glob} through, and the way there`, () => {
    assertEquals(artifactRules([glob]), rules);
  });
}

Deno.test("artifactRules() refuses globs that lead elsewhere", () => {
  const wrong: [string, string][] = [
    ["", 'Cannot use the glob "": it is empty'],
    ["/etc/*", 'Cannot use the glob "/etc/*": it is absolute'],
    ["a/../../b", 'Cannot use the glob "a/../../b": it leads out of the folder'],
  ];
  for (const [glob, text] of wrong) assertThrows(() => artifactRules([glob]), RangeError, text);
});

Deno.test("unmatchedGlobs() names the globs that brought nothing", () => {
  const files = ["build/app", "build/lib/libx.so", "new\nline", "dist/a/b.txt", "-x", "a+b.c"];
  const matching = [
    ...["build/app", "build/*", "**/*.so", "build/**/libx.so", "build/**", "**/app", "-*"],
    ...["new?line", "dist", "dist/a", "[a-b]+b.[!d]", "a+b.c"],
  ];
  const others = ["build/*.so", "app", "*.txt", "build/app/x", "[!a]+b.c"];
  assertEquals(unmatchedGlobs([...matching, ...others], files), others);
});

Deno.test("artifactRules() and unmatchedGlobs() agree with rsync on any tree", async () => {
  const segment = fc.constantFrom("a", "b", "c.o", "*", "?", "**", "*.o", "[ab]", "[!a]");
  const glob = fc.array(segment, { minLength: 1, maxLength: 4 })
    // rsync takes "**" across slashes also in the middle of a row of them; nobody writes that.
    .filter((segments) => segments.filter((name) => name === "**").length < 2)
    .map((segments) => segments.join("/"));
  const dir = await Deno.makeTempDir({ prefix: "gh-globs-" });
  const files = ["a", "b/a", "b/b", "b/c.o", "c/a/b/a", "c/b/a", "c/a/c.o", "c.o", "d/e/f/c.o"];
  try {
    for (const file of files) {
      await Deno.mkdir(join(dir, "src", file, ".."), { recursive: true });
      await Deno.writeTextFile(join(dir, "src", file), "");
    }
    await fc.assert(
      fc.asyncProperty(glob, async (glob) => {
        const rules = artifactRules([glob]).map((rule) => `--filter=${rule}`);
        const { stdout } = await runChecked([
          ...["rsync", "--recursive", "--prune-empty-dirs", "--dry-run", "--out-format=%n"],
          ...[...rules, join(dir, "src/"), join(dir, "none/")],
        ], { what: "ask rsync" });
        const got = stdout.split("\n").filter((name) => files.includes(name)).sort();
        const want = files.filter((file) => unmatchedGlobs([glob], [file]).length === 0).sort();
        assertEquals(got, want, glob);
      }),
      { numRuns: 60 },
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
