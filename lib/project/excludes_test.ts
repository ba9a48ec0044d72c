import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { projectFilter } from "./excludes.ts";
import { askGit } from "./git_project.ts";
import { git, makeTree, sentFiles } from "./excludes_testing.ts";

/** A project with everything that is usually left out, and what only looks like it. */
const PROJECT = {
  "CMakeLists.txt": "",
  "src/main.cpp": "",
  "src/main.o": "",
  "src/lib.a": "",
  "src/CMakeFiles/x.dir/y.txt": "",
  "src/logs/kept.txt": "",
  "build/CMakeCache.txt": "",
  "build/app": "",
  "build-arm64/junk": "",
  "cmake-build-debug/app": "",
  "build-aux/config.guess": "",
  "out/CMakeCache.txt": "",
  "out/app": "",
  "target/CACHEDIR.TAG": "",
  "target/debug/app": "",
  "other/out/source.c": "",
  "node_modules/x/index.js": "",
  "images/disk.qcow2": "",
  "logs/run.log": "",
  "tools/build": "a file",
  "loop": "-> .",
};
const PROJECT_SENT = [
  "CMakeLists.txt",
  "build-aux/config.guess",
  "loop",
  "other/out/source.c",
  "src/lib.a",
  "src/logs/kept.txt",
  "src/main.cpp",
  "tools/build",
];

/** What rsync sends of a tree without asking git. */
async function sentWithoutGit(dir: string, excludes: string[] = []): Promise<string[]> {
  return await sentFiles(dir, await projectFilter({ dir, excludes }));
}

/** What rsync sends of a work tree after asking git. */
async function sentWithGit(dir: string, excludes: string[] = []): Promise<string[]> {
  const lists = await askGit(dir);
  assert(lists !== undefined, "git tracks nothing here");
  return await sentFiles(dir, await projectFilter({ dir, excludes, git: lists }));
}

Deno.test("projectFilter() leaves build trees, objects, images and logs on the host", async () => {
  await using tree = await makeTree({ ...PROJECT, ".git/config": "" });
  assertEquals(await sentWithoutGit(tree.dir), PROJECT_SENT);
});

Deno.test("projectFilter() does the same in a git work tree where they are untracked", async () => {
  await using tree = await makeTree(PROJECT);
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", "CMakeLists.txt");
  assertEquals(await sentWithGit(tree.dir), PROJECT_SENT);
});

Deno.test("projectFilter() sends every file that git tracks, whatever it looks like", async () => {
  await using tree = await makeTree({ ...PROJECT, ".gitignore": "*.a\n/src/logs/\n*.o\n" });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", "--force", ".");
  await Deno.writeTextFile(join(tree.dir, "src/new.o"), "");
  await Deno.writeTextFile(join(tree.dir, "src/new.a"), "");
  assertEquals(await sentWithGit(tree.dir), [".gitignore", ...Object.keys(PROJECT)].sort());
});

Deno.test("projectFilter() keeps a directory named build that holds sources", async () => {
  const sources = {
    "lib/zstd.c": "",
    "build/cmake/CMakeLists.txt": "",
    "build/cmake/build/CMakeCache.txt": "",
    "build/VS2010/zstd.sln": "",
  };
  const sent = ["build/VS2010/zstd.sln", "build/cmake/CMakeLists.txt", "lib/zstd.c"];
  await using tree = await makeTree(sources);
  assertEquals(await sentWithoutGit(tree.dir), sent);
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", ...sent);
  assertEquals(await sentWithGit(tree.dir), sent);
});

Deno.test("projectFilter() drops the products, not the sources, of a build inside them", async () => {
  await using tree = await makeTree({
    "CMakeLists.txt": "",
    "CMakeCache.txt": "",
    "CMakeFiles/x/a.o": "",
    "main.c": "",
    "part/CMakeLists.txt": "",
    "part/CMakeCache.txt": "",
    "part/part.c": "",
  });
  const sent = ["CMakeLists.txt", "main.c", "part/CMakeLists.txt", "part/part.c"];
  assertEquals(await sentWithoutGit(tree.dir), sent);
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", "main.c");
  assertEquals(await sentWithGit(tree.dir), sent);
});

/** Nested, anchored, negated, folder-only, deep, escaped, commented, and with trailing spaces. */
const IGNORING = {
  ".gitignore": [
    ...["# comment", "*.log", "!keep.log", "/top", "cache/", "doc/**/*.html", "a/**/z"],
    ...["\\#literal", "\\!literal", "spaces   ", "kept\\ ", "[ab].tmp", "vendor/*", "!vendor/own/"],
  ].join("\n"),
  "sub/.gitignore": "!*.log\n/only-here\n*.gen\n",
  "sub/deep/.gitignore": "*.log\n!x.gen\n",
  ...Object.fromEntries([
    ...["x.log", "keep.log", "top", "sub/top", "cache/x", "sub/cache/x", "other/cache", "#literal"],
    ...[
      "doc/a.html",
      "doc/b/c.html",
      "b.html",
      "a/z",
      "a/b/z",
      "a/b/c/z",
      "z",
      "!literal",
      "spaces",
    ],
    ...[
      "kept ",
      "kept",
      "a.tmp",
      "c.tmp",
      "vendor/x/y",
      "vendor/own/y",
      "sub/x.log",
      "sub/only-here",
    ],
    ...["only-here", "sub/x.gen", "sub/deep/x.gen", "sub/deep/y.gen", "sub/deep/x.log", "x.gen"],
    ...["new\nline.log", "new\nline", "sp ace/x.log", "back\\slash", "st*r.log", "é.log", "é"],
  ].map((path) => [path, ""])),
};

Deno.test("projectFilter() leaves out what .gitignore files name, with and without git", async () => {
  await using tree = await makeTree(IGNORING);
  await git(tree.dir, "init", "-q");
  const listed = await git(tree.dir, "ls-files", "-z", "--others", "--exclude-standard");
  const kept = listed.split("\0").filter((path) => path !== "").sort();
  assertEquals(kept.length, 18, kept.join("\n"));
  assertEquals(await sentWithoutGit(tree.dir), kept);
  await git(tree.dir, "add", ".");
  assertEquals(await sentWithGit(tree.dir), kept);
});

Deno.test("projectFilter() reads ignore files outside the project through git", async () => {
  await using tree = await makeTree({ "main.c": "", "mine.txt": "", "sub/mine.txt": "" });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", "main.c");
  await Deno.writeTextFile(join(tree.dir, ".git/info/exclude"), "/mine.txt\n");
  assertEquals(await sentWithGit(tree.dir), ["main.c", "sub/mine.txt"]);
});

Deno.test("projectFilter() lets the project's own excludes win over everything", async () => {
  await using tree = await makeTree({
    ".gitignore": "*.log\n",
    "x.log": "",
    "src/a.c": "",
    "src/a.o": "",
    "src/fixture.o": "",
    "docs/manual.pdf": "",
    "build/x": "",
    ".git/HEAD": "",
  });
  const excludes = ["docs/", "!x.log", "!fixture.o", "!build/", "!.git"];
  const sent = [".git/HEAD", ".gitignore", "build/x", "src/a.c", "src/fixture.o", "x.log"];
  assertEquals(await sentWithoutGit(tree.dir, excludes), sent);
});

Deno.test("projectFilter() lets own excludes leave out tracked files", async () => {
  await using tree = await makeTree({ "main.c": "", "docs/manual.pdf": "", "build/x": "" });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", ".");
  assertEquals(await sentWithGit(tree.dir, ["/docs"]), ["build/x", "main.c"]);
});

Deno.test("projectFilter() keeps a submodule's sources and leaves its .git on the host", async () => {
  await using module = await makeTree({ "build/cmake/CMakeLists.txt": "", "lib.c": "" });
  await git(module.dir, "init", "-q");
  await git(module.dir, "add", ".");
  await git(module.dir, "commit", "-q", "-m", "lib");
  await using tree = await makeTree({ "main.c": "" });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "submodule", "--quiet", "add", module.dir, "third_party/lib");
  await Deno.writeTextFile(join(tree.dir, "third_party/lib/lib.o"), "");
  const lists = await askGit(tree.dir);
  const filter = await projectFilter({ dir: tree.dir, excludes: [], git: lists });
  assertEquals(await sentFiles(tree.dir, filter), [
    ".gitmodules",
    "main.c",
    "third_party/lib/build/cmake/CMakeLists.txt",
    "third_party/lib/lib.c",
  ]);
});

Deno.test("askGit() is undefined where git tracks nothing", async () => {
  await using tree = await makeTree({ ".gitignore": "unpacked/\n", "unpacked/main.c": "" });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", ".");
  // Everything there is ignored by the work tree around it, which means nothing for the build.
  assertEquals(await askGit(join(tree.dir, "unpacked")), undefined);
});

Deno.test("projectFilter() asks git about a project below the top of a work tree", async () => {
  await using tree = await makeTree({
    ".gitignore": "*.log\n/part/top\n",
    "part/main.c": "",
    "part/x.log": "",
    "part/top": "",
  });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", ".");
  assertEquals(await sentWithGit(join(tree.dir, "part")), ["main.c"]);
});

Deno.test("projectFilter() says where each group of rules comes from", async () => {
  await using tree = await makeTree({ ".gitignore": "*.log\n" });
  const filter = await projectFilter({ dir: tree.dir, excludes: ["docs/"] });
  assertStringIncludes(filter, "# the project's own excludes\n- docs/\n# the repository\n- .git\n");
  assertStringIncludes(filter, "# .gitignore files\n- *.log\n# default excludes\n");
});
