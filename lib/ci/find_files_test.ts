import { assertEquals, assertRejects } from "@std/assert";
import { join, relative } from "@std/path";
import { makeTree } from "../project/excludes_testing.ts";
import { selectFiles } from "../guest/artifact_globs.ts";
import { Glob } from "../project/globs.ts";
import { findFiles } from "./find_files.ts";

const parseGlobs = (globs: readonly string[]) => globs.map((text) => new Glob(text));

Deno.test("findFiles() finds the files on the host that selectFiles() selects in a guest", async () => {
  const files = ["a.o", "d/a.o", "d/e/b.o", "d/e/c", ".x/y", "odd [n]ame/z"];
  await using tree = await makeTree(Object.fromEntries(files.map((path) => [path, ""])));
  for (const globs of [["*.o"], ["**/*.o"], ["d"], ["d/*/c", "**/y"], ["*"], ["none", "d/**"]]) {
    const parsed = parseGlobs(globs);
    assertEquals(
      await findFiles(tree.dir, parsed, { linksInto: [tree.dir] }),
      await selectFiles(parsed, files.toSorted()),
      globs.join(),
    );
  }
});

Deno.test("findFiles() takes only links to files of the build", async () => {
  await using outside = await makeTree({ secret: "", "dir/x": "" });
  await using source = await makeTree({ header: "" });
  await using build = await makeTree({
    "lib.so": "-> lib.so.1",
    "lib.so.1": "",
    "header": `-> ${source.dir}/header`,
    "secret": `-> ${outside.dir}/secret`,
    "dir": `-> ${outside.dir}/dir`,
    "loop": "-> loop",
    "up": "-> .",
    "nothing": "-> none",
  });
  assertEquals(
    await findFiles(build.dir, parseGlobs(["**", "secret", "dir/x", "loop"]), {
      linksInto: [build.dir, source.dir],
    }),
    { files: ["header", "lib.so", "lib.so.1"], unmatched: ["secret", "dir/x", "loop"] },
  );
});

/** The directories that are read for globs, below the first. */
async function visited(dir: string, globs: string[]): Promise<string[]> {
  const readDir = Deno.readDir;
  const seen: string[] = [];
  try {
    Deno.readDir = (path) => {
      seen.push(relative(dir, String(path)));
      return readDir(path);
    };
    await findFiles(dir, parseGlobs(globs), { linksInto: [] });
  } finally {
    Deno.readDir = readDir;
  }
  return seen.slice(1).sort();
}

Deno.test("findFiles() looks only where a glob can match, and can be interrupted", async () => {
  await using tree = await makeTree({ "a/x": "", "b/x": "", "c/d/x": "" });
  // Reading it as a directory would fail.
  await Deno.chmod(join(tree.dir, "b"), 0o000);
  const options = { linksInto: [tree.dir] };
  const found = await findFiles(tree.dir, parseGlobs(["a/**/x"]), options);
  await Deno.chmod(join(tree.dir, "b"), 0o700);
  assertEquals(found, { files: ["a/x"], unmatched: [] });
  assertEquals(await visited(tree.dir, ["a/**/x", "*.o"]), ["a"]);
  assertEquals(await visited(tree.dir, ["c/?/x", "b"]), ["b", "c", "c/d"]);
  const signal = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => findFiles(tree.dir, parseGlobs(["*"]), { ...options, signal }), "stop");
  assertEquals(
    await findFiles(join(tree.dir, "none"), parseGlobs(["*"]), options),
    { files: [], unmatched: ["*"] },
  );
});
