import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { makeTree } from "../project/excludes_testing.ts";
import { Glob } from "../project/globs.ts";
import { selectFiles } from "./artifact_globs.ts";
import { guestFiles } from "./guest_files.ts";
import { loopback } from "./rsync_testing.ts";

const parseGlobs = (globs: readonly string[]) => globs.map((text) => new Glob(text));

const listOf = (dir: string, globs: readonly Glob[]) => guestFiles(loopback()).list(dir, globs);

const searches: { readonly glob: string; readonly found: string[] }[] = [
  { glob: "a.out", found: ["a.out"] },
  { glob: "build/app", found: ["build/app"] },
  { glob: "./d//e/", found: ["d/e/x/y"] },
  { glob: "way/x/y", found: ["way"] },
  { glob: "b**d/***/c", found: ["build/app", "build/lib.so"] },
  { glob: "d/**/y", found: ["d/e/x/y", "d/f"] },
  { glob: "b*d/lib.s?", found: ["build/lib.so"] },
  { glob: "back\\\\slash", found: ["back(\xff)", "back\\slash"] },
  { glob: "back(*)", found: ["back(\xff)"] },
  { glob: "!x+", found: ["!x+"] },
];

for (const { glob, found } of searches) {
  Deno.test(`searchTests() lets find look where ${glob} can match`, async () => {
    const paths = ["a.out", "a-out", "build/app", "build/lib.so", "d/e/x/y", "d/f"];
    const odd = ["back\\slash", "back(\xff)", "!x+"];
    const files = Object.fromEntries([...paths, ...odd].map((path) => [path, ""]));
    await using tree = await makeTree({ ...files, "way": "-> none" });
    const { files: list, links } = await listOf(tree.dir, parseGlobs([glob]));
    assertEquals([...list, ...links].sort(), found.toSorted());
  });
}

Deno.test("selectFiles() takes what matches, and all of a matching directory", async () => {
  const files = ["build/app", "build/lib/libx.so", "new\nline", "dist/a/b.txt", "-x", "a+b.c"];
  const matching = [
    ...["build/app", "build/*", "**/*.so", "build/**/libx.so", "build/**", "**/app", "-*"],
    ...["new?line", "dist", "dist/a", "[a-b]+b.[!d]", "a+b.c"],
  ];
  const others = ["build/*.so", "app", "*.txt", "build/app/x", "[!a]+b.c"];
  assertEquals(await selectFiles(parseGlobs([...matching, ...others]), files), {
    files,
    unmatched: others,
  });
  assertEquals(await selectFiles(parseGlobs(["dist", "-x"]), files), {
    files: ["dist/a/b.txt", "-x"],
    unmatched: [],
  });
});

Deno.test("selectFiles() takes no path from a guest that leads out of the directory", async () => {
  const files = ["../a", "a/../../b", "/etc/passwd", "a//b", "./a", ""];
  assertEquals(await selectFiles(parseGlobs(["**"]), files), { files: [], unmatched: ["**"] });
});

Deno.test("selectFiles() can be interrupted while it compares few paths that take long", async () => {
  // Each takes some tenths of a second.
  const globs = Array.from({ length: 100 }, (_, index) => `**/*${"a".repeat(220)}${index}b`);
  const path = Array(16).fill("a".repeat(250)).join("/");
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error("stop")));
  const paths = Array<string>(5000).fill(path);
  await assertRejects(() => selectFiles(parseGlobs(globs), paths, abort.signal), Error, "stop");
});

Deno.test("new Glob() throws for a glob that a config must not have", () => {
  assertThrows(() => parseGlobs(["a", "[z-a]"]), RangeError, 'Cannot read the glob "[z-a]"');
});

Deno.test("searchTests() lets find see all that globs match, in any tree", async () => {
  const names = fc.constantFrom("a", "b", "c.o", "é", "new\nline", "back\\slash");
  const segment = fc.constantFrom(
    ...["a", "c.o", "*", "?", "**", "*.o", "[ab]", "[!a]", "new*", "back\\\\slash", "*\\\\*"],
  );
  const glob = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const path = fc.array(names, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  await fc.assert(
    fc.asyncProperty(
      fc.array(glob, { minLength: 1, maxLength: 3 }),
      fc.array(path, { minLength: 1, maxLength: 6 }),
      async (globs, paths) => {
        // A path below another one would need that to be a directory.
        const files = paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`)));
        await using tree = await makeTree(Object.fromEntries(files.map((path) => [path, ""])));
        const parsed = parseGlobs(globs);
        const found = (await listOf(tree.dir, parsed)).files.sort();
        const wanted = [...new Set(files)].sort();
        assertEquals(
          (await selectFiles(parsed, found)).files,
          (await selectFiles(parsed, wanted)).files,
          globs.join(),
        );
      },
    ),
    { numRuns: 60 },
  );
});
