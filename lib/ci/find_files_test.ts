import { assertEquals, assertRejects } from "@std/assert";
import { join, relative } from "@std/path";
import { findArtifacts } from "../guest/find_artifacts.ts";
import { guestFiles } from "../guest/guest_files.ts";
import { loopback, withLoopback } from "../guest/rsync_testing.ts";
import { sandbox } from "../base/host_testing.ts";
import { makeTree } from "../project/excludes_testing.ts";
import { selectFiles } from "../guest/artifact_globs.ts";
import { Glob } from "../project/globs.ts";
import { hostFiles } from "./find_files.ts";

const search = (root: string, globs: string[], roots = [root]) =>
  findArtifacts(hostFiles(), { root, roots, globs });

Deno.test("findArtifacts() finds on the host what selectFiles() takes of a guest's", async () => {
  const files = ["a.o", "d/a.o", "d/e/b.o", "d/e/c", ".x/y", "odd [n]ame/z"];
  await using tree = await makeTree(Object.fromEntries(files.map((path) => [path, ""])));
  for (const globs of [["*.o"], ["**/*.o"], ["d"], ["d/*/c", "**/y"], ["*"], ["none", "d/**"]]) {
    const { files: found, unmatched } = await search(tree.dir, globs);
    assertEquals(
      { files: found, unmatched },
      await selectFiles(globs.map((text) => new Glob(text)), files.toSorted()),
      globs.join(),
    );
  }
});

Deno.test("findArtifacts() finds what links lead to, the same on the host and in a guest", async () => {
  await withLoopback(async (env) => {
    await using _env = await sandbox(env);
    await using outside = await makeTree({ "secret": "", "dir/x": "" });
    await using source = await makeTree({ "header": "", "docs/a": "", "docs/sub/b": "" });
    await using build = await makeTree({
      ...{ "lib.so": "-> lib.so.1", "lib.so.1": "-> lib.so.1.2", "lib.so.1.2": "" },
      ...{ "a -> b": "-> x -> y", "x -> y": "", "header": `-> ${source.dir}/header` },
      "secret": `-> ${outside.dir}/secret`,
      ...{ "out/docs": `-> ${source.dir}/docs`, "out/f": "", "way": "-> out", "dir": "-> ../none" },
      ...{ "up": "-> .", "one/two": "-> ../two", "two/one": "-> ../one", "two/y": "" },
      ...{ "loop": "-> loop", "beyond": `-> ${outside.dir}/dir`, "one/empty": "-> ../hollow" },
      ...{ "pair/all": `-> ${source.dir}/docs`, "pair/part": `-> ${source.dir}/docs/sub` },
    });
    await Deno.mkdir(join(build.dir, "hollow"));
    const roots = [build.dir, source.dir];
    const find = async (...globs: string[]) => {
      const where = { root: build.dir, roots, globs };
      const found = await findArtifacts(hostFiles(), where);
      assertEquals(
        await findArtifacts(guestFiles(loopback()), where),
        found,
        globs.join(),
      );
      return found;
    };
    const filesOf = async (...globs: string[]) => {
      const { files, lost, unmatched } = await find(...globs);
      assertEquals([lost, unmatched], [[], []], globs.join());
      return files;
    };
    const libraries = ["lib.so", "lib.so.1", "lib.so.1.2"];
    assertEquals(await filesOf("lib*", "header", "a*"), ["a -> b", "header", ...libraries]);
    assertEquals(await filesOf("way/f", "way/docs/*"), ["way/docs/a", "way/docs/sub/b", "way/f"]);
    assertEquals(await filesOf("out"), ["out/docs/a", "out/docs/sub/b", "out/f"]);
    // Through a link to a directory, only a path that is named is found.
    assertEquals(await filesOf("**/y", "**/f"), ["out/f", "two/y"]);
    assertEquals(await filesOf("one", "two"), ["one/two/y", "two/y"]);
    // Of two directories, of which one lies in the other, each has its files once.
    const pair = ["pair/all/a", "pair/all/sub/b", "pair/part/b"];
    assertEquals(await filesOf("pair"), pair);
    assertEquals(await filesOf("up/lib.so", "lib.so"), ["lib.so", "up/lib.so"]);
    const { files, unmatched, lost } = await find("secret", "dir", "beyond/x", "loop", "up/f");
    assertEquals([files, unmatched], [[], ["secret", "dir", "beyond/x", "loop", "up/f"]]);
    assertEquals(
      lost,
      [["dir", "../none"], ["loop", "loop"], ["secret", `${outside.dir}/secret`]]
        .map(([path = "", target]) => `"${join(build.dir, path)}" -> "${target}"`),
    );
  });
});

Deno.test("findArtifacts() ends where links to each other multiply files without end", async () => {
  const dirs = Array.from({ length: 10 }, (_, index) => `d${index}`);
  const links = dirs.flatMap((dir) => dirs.map((to) => [`${dir}/${to}`, `-> ../${to}`] as const));
  await using tree = await makeTree(Object.fromEntries(links));
  await assertRejects(
    () => search(tree.dir, ["d0"]),
    Error,
    "links there lead to more than 100000 files",
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
    await search(dir, globs);
  } finally {
    Deno.readDir = readDir;
  }
  return seen.slice(1).sort();
}

Deno.test("hostFiles() looks only where a glob can match, and can be interrupted", async () => {
  await using tree = await makeTree({ "a/x": "", "b/x": "", "c/d/x": "" });
  // Reading it as a directory would fail.
  await Deno.chmod(join(tree.dir, "b"), 0o000);
  const found = await search(tree.dir, ["a/**/x"]);
  await Deno.chmod(join(tree.dir, "b"), 0o700);
  assertEquals(found, { files: ["a/x"], garbled: [], unmatched: [], lost: [] });
  assertEquals(await visited(tree.dir, ["a/**/x", "*.o"]), ["a"]);
  assertEquals(await visited(tree.dir, ["c/?/x", "b"]), ["b", "c", "c/d"]);
  const signal = AbortSignal.abort(new Error("stop"));
  const where = { root: tree.dir, roots: [tree.dir], globs: ["*"] };
  await assertRejects(() => findArtifacts(hostFiles(signal), where), "stop");
  assertEquals(
    await search(join(tree.dir, "none"), ["*"]),
    { files: [], garbled: [], unmatched: ["*"], lost: [] },
  );
});
