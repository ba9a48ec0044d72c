import { delay } from "@std/async";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { type SpawnOptions, spawnOwned } from "./process.ts";
import { run } from "./run.ts";
import { processStartTime } from "./start_time.ts";
import {
  living,
  pidsIn,
  startScript,
  stubbornTree,
  SUPERVISOR,
  testdata,
  waitUntil,
  watch,
  within,
} from "./process_testing.ts";
import { haveProgram, type Sandbox, sandbox } from "../host_testing.ts";

/** Says its pid in the file `$0`, and waits for ever. */
const READY = 'echo $$ >>"$0"; while :; do sleep 0.01; done';

const startOwner = (mode: string, output: string, command: readonly string[]) =>
  startScript(testdata("owner.ts"), [mode, output, ...command], "started");

const sh = (script: string, ...args: string[]) => ["sh", "-c", script, ...args];

/** Starts a tree that ignores TERM, disposes it once it is up, and returns who is left. */
async function leftAfterDisposal(box: Sandbox, options: SpawnOptions = {}): Promise<number[]> {
  const pidFile = join(box.path, "pids");
  const process = spawnOwned(stubbornTree(pidFile), { ...options, graceMs: 100 });
  const pids = await pidsIn(pidFile, 2);
  await using _tree = await watch(pids);
  await within(process[Symbol.asyncDispose]());
  return await living(pids);
}

Deno.test("spawnOwned() ends the whole tree on disposal, also what ignores TERM", async () => {
  await using box = await sandbox();
  assertEquals(await leftAfterDisposal(box), []);
});

Deno.test("OwnedProcess.stop() lets a process end in its own way, and its children first", async () => {
  await using box = await sandbox();
  const file = join(box.path, "trace");
  // The shell's trap has to wait until the child has ended.
  const child = 'sh -c \'echo $$ >>"$0"; exec sleep 60\' "$0"';
  const script = `trap 'echo cleaned >>"$0"; exit 5' TERM; ${child}; echo survived >>"$0"`;
  // A grace time that would show, if it were waited out.
  await using process = spawnOwned(sh(script, file), { graceMs: 60_000 });
  await pidsIn(file, 1);
  assertEquals(await within(process.stop()), { code: 5, success: false });
  assertEquals((await Deno.readTextFile(file)).split("\n").slice(1), ["cleaned", ""]);
  assertEquals(await within(process.stop()), { code: 5, success: false });
});

Deno.test("OwnedProcess.stop() kills what has not ended after the grace time", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  await using process = spawnOwned(sh(`trap "" TERM; ${READY}`, pidFile), { graceMs: 100 });
  const pids = await pidsIn(pidFile, 1);
  assertEquals(await within(process.stop()), { code: 137, success: false });
  assertEquals(await living(pids), []);
});

Deno.test("OwnedProcess.stop() also gives processes left by the command time to end", async () => {
  await using box = await sandbox();
  const file = join(box.path, "trace");
  const child = `trap 'sleep 0.3; echo cleaned >>"$0"; exit' TERM; ${READY}`;
  const parent = 'sh -c "$1" "$0" & echo $$ >>"$0"; wait';
  await using process = spawnOwned(sh(parent, file, child), { graceMs: 5000 });
  const pids = await pidsIn(file, 2);
  assertEquals((await within(process.stop())).code, 143);
  assertEquals((await Deno.readTextFile(file)).trimEnd().split("\n").at(-1), "cleaned");
  assertEquals(await living(pids), []);
});

Deno.test("spawnOwned() ends what a finished command leaves behind", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  const [program, flag, script = "", ...args] = stubbornTree(pidFile);
  const leaving = script.replace("wait", 'while [ "$(wc -l <"$0")" -lt 2 ]; do :; done; exit 4');
  const command = [program ?? "", flag ?? "", leaving, ...args];
  await using process = spawnOwned(command, { graceMs: 100 });
  assertEquals(await within(process.status), { code: 4, success: false });
  assertEquals(await living(await pidsIn(pidFile, 2)), []);
});

Deno.test("spawnOwned() takes a TERM to the supervisor for one to the command", async () => {
  await using box = await sandbox();
  const file = join(box.path, "ready");
  await using process = spawnOwned(sh(`trap "exit 6" TERM; ${READY}`, file));
  await pidsIn(file, 1);
  Deno.kill(process.pid, "SIGTERM");
  assertEquals(await within(process.status), { code: 6, success: false });
});

Deno.test("spawnOwned() takes a TERM at any time, also before there is a command", async () => {
  await using box = await sandbox();
  for (let turn = 0; turn < 20; turn++) {
    const file = join(box.path, `${turn}`);
    await using process = spawnOwned(sh('echo $$ >"$0"; exec sleep 60', file), { graceMs: 100 });
    await delay(turn);
    Deno.kill(process.pid, "SIGTERM");
    assertEquals((await within(process.status)).code, 143);
    const pid = Number.parseInt(await Deno.readTextFile(file).catch(() => "0"));
    if (pid > 0) assertEquals(await living([pid]), []);
  }
});

Deno.test("spawnOwned() ends the command even if the supervisor was killed", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  const process = spawnOwned(stubbornTree(pidFile), { graceMs: 100 });
  const pids = await pidsIn(pidFile, 2);
  await using _tree = await watch(pids);
  Deno.kill(process.pid, "SIGKILL");
  assertEquals(await within(process.status), { code: 137, success: false });
  await within(process[Symbol.asyncDispose]());
  await waitUntil("the tree's end", async () => (await living(pids)).length === 0);
});

Deno.test("spawnOwned() appends both streams to a file", async () => {
  await using box = await sandbox();
  const output = join(box.path, "it's a log");
  await Deno.writeTextFile(output, "before\n");
  await using process = spawnOwned(sh("echo out; echo err >&2"), { output });
  assertEquals(await within(process.status), { code: 0, success: true });
  assertEquals(await Deno.readTextFile(output), "before\nout\nerr\n");
});

Deno.test("spawnOwned() throws where the output cannot be written", async () => {
  await using box = await sandbox();
  const output = join(box.path, "no-directory", "log");
  assertThrows(() => spawnOwned(["true"], { output }), Deno.errors.NotFound, "no-directory");
});

Deno.test({
  name: "spawnOwned() gives the command an empty stdin, and not its lifeline",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const [program, ...args] = sh("cat; readlink /proc/self/fd/0; ls /proc/self/fd") as [string];
    await using process = spawnOwned([program, ...args], { stdout: "piped" });
    const owned = await new Response(process.stdout).text();
    const bare = await new Deno.Command(program, { args, stdin: "null" }).output();
    assertEquals(owned, new TextDecoder().decode(bare.stdout));
    assert(owned.startsWith("/dev/null\n"), owned);
  },
});

// Each is one way in which a task ends.
const ends: [string, "wait" | "exit" | "throw", Deno.Signal | undefined][] = [
  ["is killed by kill -9", "wait", "SIGKILL"],
  ["gets a TERM", "wait", "SIGTERM"],
  ["gets an INT", "wait", "SIGINT"],
  ["exits without disposal", "exit", undefined],
  ["throws", "throw", undefined],
];
for (const [what, mode, signal] of ends) {
  Deno.test(`spawnOwned() ends the whole tree when the task ${what}`, async () => {
    await using box = await sandbox();
    const pidFile = join(box.path, "pids");
    await using owner = await startOwner(mode, join(box.path, "log"), stubbornTree(pidFile));
    const pids = await pidsIn(pidFile, 2);
    await using _tree = await watch(pids);
    if (signal === undefined) await owner.child.stdin.close();
    else owner.child.kill(signal);
    await within(owner.child.status);
    await waitUntil("the tree's end", async () => (await living(pids)).length === 0);
  });
}

Deno.test("OwnedProcess.release() lets the process outlive the task, with its log", async () => {
  await using box = await sandbox();
  const [pidFile, log] = [join(box.path, "pids"), join(box.path, "log")];
  const script = 'echo $$ >"$0"; echo kept; while [ -e "$0" ]; do sleep 0.01; done; echo ended';
  await using owner = await startOwner("release", log, sh(script, pidFile));
  const pids = await pidsIn(pidFile, 1);
  await using _kept = await watch(pids);
  await owner.child.stdin.close();
  assertEquals((await within(owner.child.status)).code, 0);
  assertEquals(await living(pids), pids);
  await Deno.remove(pidFile);
  await waitUntil("the process's end", async () => (await living(pids)).length === 0);
  assertEquals(await Deno.readTextFile(log), "kept\nended\n");
});

Deno.test("OwnedProcess.release() prevents disposal; a kill by pid still ends the process", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  let supervisor: number;
  {
    const script = 'echo $$ >"$0"; exec sleep 60';
    await using process = spawnOwned(sh(script, pidFile), { output: join(box.path, "log") });
    await pidsIn(pidFile, 1);
    supervisor = process.pid;
    await process.release();
  }
  const [pid] = await pidsIn(pidFile, 1) as [number];
  await using _kept = await watch([pid]);
  Deno.kill(pid, "SIGTERM");
  await waitUntil("the end", async () => (await living([pid, supervisor])).length === 0);
});

/** What may call itself `sh`: dash on Debian, bash elsewhere (macOS too), ash in small images. */
const SHELLS: [string, string, string[]][] = [
  ["dash", "dash", []],
  ["bash", "bash", []],
  ["bash without setsid, as on macOS", "bash", ["setsid"]],
  ["busybox", "busybox", []],
];
for (const [name, shell, without] of SHELLS) {
  Deno.test({
    name: `supervise.sh works with ${name} as sh`,
    ignore: !haveProgram(shell),
    async fn() {
      await using box = await sandbox();
      const program = await run(["sh", "-c", 'command -v "$0"', shell]);
      await Deno.symlink(program.stdout.trim(), join(box.path, "sh"));
      await linkAll(box.path, ["sleep", "seq", "rm", "cat", "grep", "setsid"], without);
      // Only the supervisor's own programs: no others of the host's.
      const env = { PATH: box.path };
      const shells = { env, graceMs: 100 };
      const alone = async (script: string, stdin?: string) =>
        await run(["/bin/sh", "-c", script], { ...shells, stdin });
      assertEquals(await alone("cat; exit 3", "in"), { code: 3, stdout: "in", stderr: "" });
      assertEquals(await alone("kill -SEGV $$"), { code: 139, stdout: "", stderr: "" });
      assertEquals(await leftAfterDisposal(box, { env }), []);
    },
  });
}

async function linkAll(dir: string, programs: string[], without: string[]): Promise<void> {
  for (const program of programs.filter((name) => !without.includes(name))) {
    const { stdout } = await run(["sh", "-c", 'command -v "$0"', program]);
    await Deno.symlink(stdout.trim(), join(dir, program));
  }
}

Deno.test("processStartTime() tells under the permissions that tasks have", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-env=PATH"],
      `--allow-run=${SUPERVISOR},cat`,
      ...[testdata("start_time.ts"), String(Deno.pid)],
    ],
  }).output();
  const time = await processStartTime(Deno.pid);
  assert(time !== undefined);
  assertEquals(new TextDecoder().decode(stdout), `${time}\n`);
});
