import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { git, makeTree } from "./excludes_testing.ts";
import { sandbox } from "../base/host_testing.ts";
import { askGit } from "./git_project.ts";
import { toText } from "./path_bytes.ts";

/** What git itself says about an honest repository, asked in its own way. */
async function gitSays(dir: string) {
  const ask = async (...args: string[]) =>
    (await git(dir, "ls-files", "-z", ...args)).split("\0").filter((path) => path !== "").sort();
  return {
    tracked: await ask("--cached", "--recurse-submodules"),
    ignored: await ask("--others", "--ignored", "--exclude-standard", "--directory"),
  };
}

async function assertSame(dir: string): Promise<void> {
  const lists = await askGit(dir, { onWarning: (text) => console.warn(text) });
  assertEquals(
    Object.fromEntries(
      Object.entries(lists ?? {}).map(([name, paths]) => [name, paths.map(toText).toSorted()]),
    ),
    await gitSays(dir),
  );
}

async function makeRepository(...initArgs: string[]) {
  const tree = await makeTree({
    ".gitignore": "*.log\n/kept/*.tmp\n",
    "main.c": "",
    "x.log": "",
    "kept/a.c": "",
    "kept/a.tmp": "",
    "kept/b.log": "",
    "far/c.c": "",
    "far/.gitignore": "*.gen\n",
    "new\nline é.c": "",
  });
  await git(tree.dir, "init", "-q", ...initArgs);
  await git(tree.dir, "add", ".");
  await git(tree.dir, "commit", "-q", "-m", "all");
  for (const path of ["out/CMakeCache.txt", "kept/new.c", "out/x.log"]) {
    await Deno.mkdir(join(tree.dir, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(tree.dir, path), "");
  }
  return tree;
}

const repositories: {
  title: string;
  init?: string[];
  change: (dir: string) => Promise<unknown>;
}[] = [
  { title: "as git makes it", change: () => Promise.resolve() },
  { title: "with SHA-256", init: ["--object-format=sha256"], change: () => Promise.resolve() },
  {
    title: "with a split index",
    async change(dir) {
      await git(dir, "update-index", "--split-index");
      await git(dir, "add", "kept/new.c");
    },
  },
  {
    title: "with a sparse index",
    async change(dir) {
      await git(dir, "sparse-checkout", "init", "--cone", "--sparse-index");
      await git(dir, "sparse-checkout", "set", "kept");
    },
  },
  { title: "with a conflict", change: conflict },
  {
    title: "with info/exclude",
    change: (dir) => Deno.writeTextFile(join(dir, ".git/info/exclude"), "new.c\n"),
  },
  {
    title: "that takes upper case for lower case",
    async change(dir) {
      await git(dir, "config", "core.ignoreCase", "true");
      await Deno.writeTextFile(join(dir, "Y.LOG"), "");
    },
  },
];

async function conflict(dir: string): Promise<void> {
  const commit = (text: string) =>
    Deno.writeTextFile(join(dir, "main.c"), text)
      .then(() => git(dir, "commit", "-q", "-a", "-m", text));
  await git(dir, "branch", "other");
  await commit("one");
  await git(dir, "checkout", "-q", "other");
  await commit("two");
  await git(dir, "merge", "-q", "-").catch(() => {});
}

for (const { title, init = [], change } of repositories) {
  Deno.test(`askGit() agrees with git about a repository ${title}`, async () => {
    await using tree = await makeRepository(...init);
    await change(tree.dir);
    await assertSame(tree.dir);
    await assertSame(join(tree.dir, "kept"));
  });
}

Deno.test("askGit() agrees with git about a linked work tree", async () => {
  await using tree = await makeRepository();
  await using place = await makeTree({});
  const linked = join(place.dir, "linked");
  await git(tree.dir, "worktree", "add", "-q", linked);
  await Deno.writeTextFile(join(tree.dir, ".git/info/exclude"), "*.excluded\n");
  for (const name of ["a.excluded", "b.log"]) await Deno.writeTextFile(join(linked, name), "");
  await assertSame(linked);
});

Deno.test("askGit() asks each submodule what it tracks and what it ignores", async () => {
  await using inner = await makeRepository();
  await using outer = await makeRepository();
  await using top = await makeRepository();
  await git(outer.dir, "submodule", "--quiet", "add", inner.dir, "inner");
  await git(outer.dir, "commit", "-q", "-m", "inner");
  await git(top.dir, "submodule", "--quiet", "add", outer.dir, "ext/outer");
  await git(top.dir, "submodule", "--quiet", "update", "--init", "--recursive");
  await git(top.dir, "submodule", "--quiet", "add", inner.dir, "absent");
  await git(top.dir, "submodule", "deinit", "-q", "-f", "absent");
  const sub = join(top.dir, "ext/outer");
  await Deno.writeTextFile(join(sub, "inner/x.log"), "");
  const lists = await askGit(top.dir);
  assertEquals(lists?.tracked.map(toText).toSorted(), (await gitSays(top.dir)).tracked);
  assertEquals(
    lists?.ignored.filter((path) => path.startsWith("ext/")),
    ["ext/outer/inner/x.log"],
  );
  await assertSame(join(sub, "inner"));
});

Deno.test("askGit() takes from a clone that is no submodule what that ignores, and nothing else", async () => {
  await using top = await makeRepository();
  await using other = await makeRepository();
  const clone = join(top.dir, "out/_deps/clone");
  await git(top.dir, "clone", "-q", other.dir, clone);
  await Deno.writeTextFile(join(clone, "own.log"), "");
  await Deno.writeTextFile(join(clone, "kept/x.tmp"), "");
  const lists = await askGit(top.dir);
  assertEquals(lists?.ignored.filter((path) => path.includes("clone/")), [
    ...["out/_deps/clone/kept/x.tmp", "out/_deps/clone/own.log"],
  ]);
  assertEquals(lists?.tracked.some((path) => path.includes("clone/")), false);
});

Deno.test("askGit() names files by their bytes", async () => {
  await using top = await makeRepository();
  const make = 'touch "$(printf "t\\377.c")" "$(printf "i\\377.log")"';
  await $`sh -c ${make}`.cwd(top.dir);
  await git(top.dir, "add", ".");
  const lists = await askGit(top.dir);
  assertEquals(lists?.tracked.filter((path) => path.includes("\xff")), ["t\xff.c"]);
  assertEquals(lists?.ignored.filter((path) => path.includes("\xff")), ["i\xff.log"]);
});

Deno.test("askGit() does not follow a link in the place of a submodule", async () => {
  await using other = await makeRepository();
  await using top = await makeRepository();
  await git(top.dir, "submodule", "--quiet", "add", other.dir, "sub");
  await Deno.remove(join(top.dir, "sub"), { recursive: true });
  await Deno.symlink(other.dir, join(top.dir, "sub"));
  const lists = await askGit(top.dir);
  assertEquals(lists?.tracked.filter((path) => path.startsWith("sub")), ["sub"]);
});

Deno.test("askGit() reads the ignore file that the user has set for all repositories", async () => {
  await using tree = await makeRepository();
  await using home = await makeTree({ mine: "*.c\n" });
  const config = `[core]\n\texcludesFile = ${join(home.dir, "mine")}\n`;
  await Deno.writeTextFile(join(home.dir, ".gitconfig"), config);
  await using _home = await sandbox({ HOME: home.dir });
  const lists = await askGit(tree.dir);
  assertEquals(lists?.ignored.includes("kept/new.c"), true);
});

Deno.test("askGit() is not led astray by the variables of a hook that calls the task", async () => {
  await using tree = await makeRepository();
  const expected = await askGit(tree.dir);
  await using _hook = await sandbox({
    ...{ GIT_DIR: "/nowhere", GIT_INDEX_FILE: "/nowhere/index", GIT_LITERAL_PATHSPECS: "1" },
    GIT_CONFIG_PARAMETERS: "'core.bare=true'",
  });
  assertEquals(await askGit(tree.dir), expected);
});

Deno.test({
  name: "askGit() answers about a repository of another user",
  // Only root can give files away.
  ignore: Deno.uid() !== 0,
  async fn() {
    await using tree = await makeRepository();
    const expected = await gitSays(tree.dir);
    await $`chown -R 12345:12345 ${tree.dir}`;
    const warnings: string[] = [];
    const lists = await askGit(tree.dir, { onWarning: (text) => warnings.push(text) });
    assertEquals([lists?.tracked.map(toText).toSorted(), warnings], [expected.tracked, []]);
  },
});

Deno.test("askGit() leaves nothing behind and does not write to the repository", async () => {
  await using tree = await makeRepository();
  await using tmp = await makeTree({});
  const script = 'find "$0" -type f -exec sha256sum {} + | sort';
  const digest = () => $`sh -c ${script} ${tree.dir}`.text();
  const before = await digest();
  {
    await using _tmp = await sandbox({ TMPDIR: tmp.dir });
    await askGit(tree.dir);
  }
  assertEquals(await digest(), before);
  assertEquals(await Array.fromAsync(Deno.readDir(tmp.dir)), []);
});
