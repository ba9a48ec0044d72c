import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { basename, join } from "@std/path";
import { UsageError, WorkError } from "../base/errors.ts";
import { sandbox } from "../base/host_testing.ts";
import { projectFiles } from "./project_files.ts";
import { askGit } from "./git_project.ts";
import { git, makeTree } from "./excludes_testing.ts";
import { toText } from "./path_bytes.ts";

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

/** The files and links of a project's list; sorted. */
async function sent(options: Parameters<typeof projectFiles>[0]): Promise<string[]> {
  const { paths } = await projectFiles(options);
  return paths.filter((path) => !path.endsWith("/")).map(toText).sort();
}

/** What is sent of a tree without asking git. */
async function sentWithoutGit(dir: string, excludes: string[] = []): Promise<string[]> {
  return await sent({ dir, excludes });
}

/** What is sent of a work tree after asking git. */
async function sentWithGit(dir: string, excludes: string[] = []): Promise<string[]> {
  const lists = await askGit(dir);
  assert(lists !== undefined, "git tracks nothing here");
  return await sent({ dir, excludes, git: lists });
}

Deno.test("projectFiles() leaves build trees, objects, images and logs on the host", async () => {
  await using tree = await makeTree({ ...PROJECT, ".git/config": "" });
  assertEquals(await sentWithoutGit(tree.dir), PROJECT_SENT);
});

Deno.test("projectFiles() does the same in a git work tree where they are untracked", async () => {
  await using tree = await makeTree(PROJECT);
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", "CMakeLists.txt");
  assertEquals(await sentWithGit(tree.dir), PROJECT_SENT);
});

Deno.test("projectFiles() sends every file that git tracks, whatever its name", async () => {
  await using tree = await makeTree({ ...PROJECT, ".gitignore": "*.a\n/src/logs/\n*.o\n" });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", "--force", ".");
  await Deno.writeTextFile(join(tree.dir, "src/new.o"), "");
  await Deno.writeTextFile(join(tree.dir, "src/new.a"), "");
  assertEquals(await sentWithGit(tree.dir), [".gitignore", ...Object.keys(PROJECT)].sort());
});

Deno.test("projectFiles() keeps a directory named build that contains sources", async () => {
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

Deno.test("projectFiles() drops the products, not the sources, of a build inside them", async () => {
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

/** Nested, anchored, negated, directory-only, deep, escaped, commented, and with trailing spaces. */
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

Deno.test("projectFiles() leaves out what .gitignore files name, with and without git", async () => {
  await using tree = await makeTree(IGNORING);
  await git(tree.dir, "init", "-q");
  const listed = await git(tree.dir, "ls-files", "-z", "--others", "--exclude-standard");
  const kept = listed.split("\0").filter((path) => path !== "").sort();
  assertEquals(kept.length, 18, kept.join("\n"));
  assertEquals(await sentWithoutGit(tree.dir), kept);
  await git(tree.dir, "add", ".");
  assertEquals(await sentWithGit(tree.dir), kept);
});

Deno.test("projectFiles() reads ignore files outside the project through git", async () => {
  await using tree = await makeTree({ "main.c": "", "mine.txt": "", "sub/mine.txt": "" });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", "main.c");
  await Deno.writeTextFile(join(tree.dir, ".git/info/exclude"), "/mine.txt\n");
  assertEquals(await sentWithGit(tree.dir), ["main.c", "sub/mine.txt"]);
});

Deno.test("projectFiles() lets the project's own excludes win over everything", async () => {
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

Deno.test("projectFiles() lets own excludes leave out tracked files", async () => {
  await using tree = await makeTree({ "main.c": "", "docs/manual.pdf": "", "build/x": "" });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", ".");
  assertEquals(await sentWithGit(tree.dir, ["/docs"]), ["build/x", "main.c"]);
});

Deno.test("projectFiles() keeps a submodule's sources and leaves its .git on the host", async () => {
  await using module = await makeTree({ "build/cmake/CMakeLists.txt": "", "lib.c": "" });
  await git(module.dir, "init", "-q");
  await git(module.dir, "add", ".");
  await git(module.dir, "commit", "-q", "-m", "lib");
  await using tree = await makeTree({ "main.c": "" });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "submodule", "--quiet", "add", module.dir, "third_party/lib");
  await Deno.writeTextFile(join(tree.dir, "third_party/lib/lib.o"), "");
  const lists = await askGit(tree.dir);
  assertEquals(await sent({ dir: tree.dir, excludes: [], git: lists }), [
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

Deno.test("projectFiles() asks git about a project below the top of a work tree", async () => {
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

Deno.test("projectFiles() sends what own excludes take back below an ignored directory", async () => {
  await using tree = await makeTree({
    ".gitignore": "/gen/\n",
    "main.c": "",
    "gen/sub/parser.h": "",
    "gen/sub/other.h": "",
    "gen/deep/er/x.c": "",
    "build/generated/version.h": "",
    "build/CMakeCache.txt": "",
    "docs/keep.md": "",
  });
  const excludes = ["!parser.h", "!/gen/deep/", "!/build/generated/version.h", "docs/", "!keep.md"];
  const wanted = [
    ...[".gitignore", "build/generated/version.h", "gen/deep/er/x.c", "gen/sub/parser.h", "main.c"],
  ];
  assertEquals(await sentWithoutGit(tree.dir, excludes), wanted);
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", "main.c");
  assertEquals(await sentWithGit(tree.dir, excludes), wanted);
});

Deno.test("projectFiles() names directories too, and takes bytes for names", async () => {
  await using tree = await makeTree({ "a/empty/x": "", "out/x.o": "", "new\nline/b": "" });
  await Deno.remove(join(tree.dir, "a/empty/x"));
  await new Deno.Command("sh", {
    args: ["-c", 'touch "$(printf "bad-\\377.c")" "$(printf "bad-\\377.o")"'],
    cwd: tree.dir,
  }).output();
  const { paths, takes } = await projectFiles({ dir: tree.dir, excludes: [] });
  const wanted = ["a/", "a/empty/", "bad-\xff.c", "new\nline/", "new\nline/b", "out/"];
  assertEquals(paths.toSorted(), wanted);
  const excludes = ["bad-?.c"];
  assertEquals((await projectFiles({ dir: tree.dir, excludes })).takes("bad-\xff.c"), false);
  assertEquals(["new/x.c", "x/new.o", "build/x", ".git/x"].map(takes), [true, false, false, false]);
});

Deno.test("projectFiles() refuses a directory that cannot be read, unless it is left out", async () => {
  await using tree = await makeTree({ "src/a.c": "", "build/x": "" });
  await using bin = await sandbox();
  await bin.script("find", `/usr/bin/find "$@"; exit 1`);
  await using _path = await sandbox({ PATH: `${bin.path}:${Deno.env.get("PATH")}` });
  const { readDir } = Deno;
  try {
    Deno.readDir = (path) => {
      if (String(path).endsWith("/src/")) throw new Deno.errors.PermissionDenied(`no: ${path}`);
      return readDir(path);
    };
    const all = { dir: tree.dir, excludes: [] };
    await assertRejects(() => projectFiles(all), WorkError, `no: ${tree.dir}/src/`);
    assertEquals((await projectFiles({ ...all, excludes: ["/src/"] })).paths, []);
  } finally {
    Deno.readDir = readDir;
  }
});

Deno.test("projectFiles() never includes guesthouse's own files, wherever they are and whatever is asked for", async () => {
  await using tree = await makeTree({
    "main.c": "",
    "tools/guesthouse/deno.json": "",
    "tools/guesthouse/state/keys/client_ed25519": "",
    "tools/guesthouse/images/dist/debian-amd64/disk.qcow2": "",
    "tools/guesthouse/images/kernel/Makefile": "",
  });
  await using _env = await sandbox({
    GUESTHOUSE_STATE: join(tree.dir, "tools/guesthouse/state"),
    GUESTHOUSE_IMAGES: join(tree.dir, "tools/guesthouse/images/dist"),
  });
  assertEquals(await sentWithoutGit(tree.dir, ["!state", "!*.qcow2", "!client_ed25519"]), [
    "main.c",
    "tools/guesthouse/deno.json",
    "tools/guesthouse/images/kernel/Makefile",
  ]);
});

Deno.test("projectFiles() warns of links that lead out of the project, and are sent", async () => {
  await using outside = await makeTree({ "shared/main.c": "" });
  const out = `${outside.dir}/shared`;
  const files = {
    "app/main.c": `-> ../../${basename(outside.dir)}/shared/main.c`,
    "app/up": "-> ../app",
    "absolute": `-> ${out}`,
    "null": "-> /dev/null",
    "dangling": "-> ../none",
    "skipped.o": `-> ${out}/main.c`,
  };
  await using tree = await makeTree(files);
  const warnings: string[] = [];
  const options = { dir: tree.dir, onWarning: (text: string) => void warnings.push(text) };
  await projectFiles({ ...options, excludes: [] });
  const named = ["absolute", "app/main.c"].map((path) =>
    `${JSON.stringify(path)} -> ${JSON.stringify(files[path as keyof typeof files].slice(3))}`
  );
  assertEquals(warnings.length, 1);
  for (const text of named) assertStringIncludes(warnings[0]!, text);
  for (const text of ["up", "null", "dangling", "skipped", "more"]) {
    assertEquals(warnings[0]!.includes(text), false, text);
  }
  await projectFiles({ ...options, excludes: ["main.c", "/absolute"] });
  assertEquals(warnings.length, 1);
  const many = Array.from({ length: 9 }, (_, at) => [`l${at}`, `-> ${out}`] as const);
  await using links = await makeTree(Object.fromEntries(many));
  await projectFiles({ ...options, dir: links.dir, excludes: [] });
  assertEquals(
    warnings[1]!.endsWith(", and 4 more. Replace them by copies if guests need them."),
    true,
  );
});

Deno.test("projectFiles() refuses to send a .git that names a directory of the host", async () => {
  await using tree = await makeTree({ "main/a": "" });
  const main = join(tree.dir, "main");
  const linked = join(tree.dir, "linked");
  await git(main, "init", "-q");
  await git(main, "add", "a");
  await git(main, "commit", "-q", "-m", "a");
  await git(main, "worktree", "add", "-q", linked);
  const warnings: string[] = [];
  const onWarning = (text: string) => void warnings.push(text);
  const list = async (dir: string, excludes: string[], withRepository = false) =>
    (await projectFiles({ dir, excludes, withRepository, onWarning })).paths;
  assertEquals((await list(main, ["!.git"])).includes(".git/HEAD"), true);
  assertEquals(await list(linked, []), ["a"]);
  const text = `Cannot send the repository of ${JSON.stringify(linked)}: its .git is a file`;
  await assertRejects(() => list(linked, ["!.git"]), UsageError, text);
  assertEquals(warnings, []);
  await list(linked, [], true);
  assertStringIncludes(warnings.join(), text);
});
