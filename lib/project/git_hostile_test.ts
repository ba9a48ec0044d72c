import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { git, makeTree } from "./excludes_testing.ts";
import { projectFiles } from "./project_files.ts";
import { sandbox } from "../base/host_testing.ts";
import { askGit } from "./git_project.ts";
import { CONFIG_PLACES, makeHostile } from "./git_hostile_testing.ts";

for (const place of CONFIG_PLACES) {
  Deno.test(`askGit() starts nothing that a repository's ${place} names`, async () => {
    await using hostile = await makeHostile(place);
    const warnings: string[] = [];
    const lists = await askGit(hostile.dir, { onWarning: (text) => warnings.push(text) });
    assertEquals(await hostile.marks(), []);
    assertEquals(warnings, []);
    // It is asked all the same.
    assertEquals(lists?.ignored, ["x.log"]);
    assert(lists?.tracked.includes("sub/kept/a.c"), JSON.stringify(lists));
  });
}

async function makeFifo(path: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.remove(path).catch(() => {});
  await $`mkfifo ${path}`;
}

/** A repository with one tracked and one ignored file. */
async function makeRepository() {
  const tree = await makeTree({
    ".gitignore": "*.log\n",
    "main.c": "",
    "x.log": "",
    "d/y.log": "",
  });
  await git(tree.dir, "init", "-q");
  await git(tree.dir, "add", ".");
  return tree;
}

/** Asks with a limit, so that a test fails where it would hang. */
async function askSoon(dir: string) {
  const warnings: string[] = [];
  const lists = await askGit(dir, {
    onWarning: (text) => warnings.push(text),
    signal: AbortSignal.timeout(60_000),
  });
  return { lists, warnings };
}

for (const key of ["include.path", "core.excludesFile", "core.attributesFile"]) {
  Deno.test(`askGit() does not wait for a FIFO named by ${key}`, async () => {
    await using tree = await makeRepository();
    await makeFifo(join(tree.dir, ".git/fifo"));
    await Deno.writeTextFile(
      join(tree.dir, ".git/config"),
      `[${key.split(".")[0]}]\n\t${key.split(".")[1]} = ${join(tree.dir, ".git/fifo")}\n`,
      { append: true },
    );
    const { lists, warnings } = await askSoon(tree.dir);
    assertEquals([lists?.ignored.includes("x.log"), warnings], [true, []]);
  });
}

for (const path of [".git/info/exclude", ".git/config", ".git/config.worktree"]) {
  Deno.test(`askGit() ignores ${path} if it is a FIFO`, async () => {
    await using tree = await makeRepository();
    await makeFifo(join(tree.dir, path));
    const { lists, warnings } = await askSoon(tree.dir);
    assertEquals([lists?.tracked, warnings], [[".gitignore", "main.c"], []]);
  });
}

for (const path of [".gitignore", "d/.gitignore", "nested/.git/HEAD", ".git/index"]) {
  Deno.test(`askGit() names ${path} if it is a FIFO, and does not run git`, async () => {
    await using tree = await makeRepository();
    if (path.startsWith("nested")) {
      await Deno.mkdir(join(tree.dir, "nested"));
      await git(join(tree.dir, "nested"), "init", "-q");
    }
    await makeFifo(join(tree.dir, path));
    const { lists, warnings } = await askSoon(tree.dir);
    assertEquals(lists, undefined);
    const [warning = ""] = warnings;
    assertMatch(warning, /^Cannot ask git about ".*": ".*": it is (a FIFO|not a regular file)\. /);
    assert(warning.includes(JSON.stringify(join(tree.dir, path))), warning);
    // What is done instead does not wait either.
    await projectFiles({ dir: tree.dir, excludes: [] });
  });
}

Deno.test("askGit() finds a FIFO above a project that is below the top of a work tree", async () => {
  await using tree = await makeRepository();
  await makeFifo(join(tree.dir, ".gitignore"));
  const { warnings } = await askSoon(join(tree.dir, "d"));
  assertMatch(warnings.join(), /\.gitignore": it is not a regular file/);
});

Deno.test("askGit() and the reader without git leave a huge .gitignore alone", async () => {
  await using tree = await makeRepository();
  await Deno.truncate(join(tree.dir, ".gitignore"), 64 * 2 ** 30);
  const { lists, warnings } = await askSoon(tree.dir);
  assertEquals(lists, undefined);
  assertMatch(warnings.join(), /\.gitignore": it is larger than 1048576 bytes/);
  await projectFiles({ dir: tree.dir, excludes: [] });
});

/** Runs with another git than the system's: a shell script. */
async function withGit<T>(script: string, work: () => Promise<T>): Promise<T> {
  await using bin = await sandbox();
  await bin.script("git", script);
  await using _path = await sandbox({ PATH: `${bin.path}:${Deno.env.get("PATH")}` });
  return await work();
}

Deno.test("askGit() ends a git that does not answer, and says so", async () => {
  await using tree = await makeRepository();
  const warnings: string[] = [];
  const onWarning = (text: string) => warnings.push(text);
  await withGit("exec sleep 600", () => askGit(tree.dir, { timeoutMs: 200, onWarning }));
  assertMatch(warnings.join(), /: git did not answer within 0\.2 s\. Only its \.gitignore files/);
});

Deno.test("askGit() ends a git that never stops printing", async () => {
  await using tree = await makeRepository();
  const warnings: string[] = [];
  const onWarning = (text: string) => warnings.push(text);
  await withGit("exec yes", () => askGit(tree.dir, { onWarning }));
  assertMatch(warnings.join(), /: git prints too much\. /);
});

Deno.test("askGit() says why git refuses, and nothing if there is no git", async () => {
  await using tree = await makeRepository();
  const warnings: string[] = [];
  const onWarning = (text: string) => warnings.push(text);
  await withGit("echo >&2 fatal: no; exit 128", () => askGit(tree.dir, { onWarning }));
  assertMatch(warnings.join(), /: fatal: no\. Only its/);
  assertEquals(await withGit("exit 127", () => askGit(tree.dir, { onWarning })), undefined);
  assertEquals(warnings.length, 1);
});

Deno.test("askGit() passes an interruption on", async () => {
  await using tree = await makeRepository();
  const abort = new AbortController();
  abort.abort(new Error("stop"));
  const error = await askGit(tree.dir, { signal: abort.signal }).catch((error) => error);
  assertEquals(error.message, "stop");
});

/** Gives the only entry of an index another name of the same length, as no git would. */
async function renameEntry(index: string, from: string, to: string): Promise<void> {
  const bytes = await Deno.readFile(index);
  const [old, name] = [from, to].map((text) => new TextEncoder().encode(text));
  const at = bytes.findIndex((_, start) =>
    old!.every((byte, offset) => bytes[start + offset] === byte)
  );
  bytes.set(name!, at);
  const body = bytes.subarray(0, bytes.length - 20);
  bytes.set(new Uint8Array(await crypto.subtle.digest("SHA-1", body)), body.length);
  await Deno.writeFile(index, bytes);
}

for (const [path, standIn] of [[".", "Q"], ["../q", "QQQQ"], ["a/..", "QQQQ"]] as const) {
  Deno.test(`askGit() does not follow a submodule named ${path}`, async () => {
    await using tree = await makeRepository();
    const dir = join(tree.dir, "project");
    for (const repository of [dir, join(tree.dir, "q"), join(dir, "a")]) {
      await Deno.mkdir(repository);
      await git(repository, "init", "-q");
      await Deno.writeTextFile(join(repository, "secret"), "x");
      await git(repository, "add", "secret");
    }
    const commit = "1".repeat(40);
    await git(dir, "rm", "-q", "--cached", "secret");
    await git(dir, "update-index", "--add", "--cacheinfo", `160000,${commit},${standIn}`);
    await renameEntry(join(dir, ".git/index"), standIn, path);
    const { lists } = await askSoon(dir);
    assertEquals((lists?.tracked ?? []).filter((name) => name.includes("secret")), []);
  });
}

Deno.test("askGit() reads hostile texts in no time, and refuses an index of endless directories", async () => {
  await using tree = await makeRepository();
  const lines = "\n".repeat(1_000_000);
  await Deno.writeTextFile(join(tree.dir, ".git/config"), `[core]${lines}`);
  assert((await askSoon(tree.dir)).lists !== undefined);
  await Deno.writeTextFile(join(tree.dir, ".git/commondir"), `.${"\n".repeat(60_000)}x`);
  await askSoon(tree.dir);
  await Deno.remove(join(tree.dir, ".git/commondir"));
  const blob = (await git(tree.dir, "hash-object", "-w", ".gitignore")).trim();
  const entries = Array.from(
    { length: 400 },
    (_, number) => `100644 ${blob}\t${number}/${"a/".repeat(1000)}f\n`,
  );
  const { code } = await new Deno.Command("sh", {
    args: [
      "-c",
      'exec git -C "$0" update-index --index-info <"$1"',
      tree.dir,
      await Deno.makeTempFile().then(async (path) => {
        await Deno.writeTextFile(path, entries.join(""));
        return path;
      }),
    ],
  }).output();
  assertEquals(code, 0);
  const { lists, warnings } = await askSoon(tree.dir);
  assertEquals(lists, undefined);
  assertMatch(warnings.join(), /its index names too many deep directories/);
});
