import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { RUN_FILES, runsDir, socketDir, stateDir } from "../base/files/paths.ts";
import { processStartTime } from "../base/process/start_time.ts";
import { living, startScript, startSleep, within } from "../base/process/process_testing.ts";
import { sandbox } from "../base/host_testing.ts";
import {
  createRun,
  findKept,
  isAlive,
  leftRuns,
  leftSockets,
  listRuns,
  removeRun,
  type RunDir,
  type RunRecord,
  socketsOf,
  sweepRuns,
  writeRecord,
} from "./runs.ts";

/** A state directory of its own, and a directory for sockets. */
async function state(): Promise<AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const box = stack.use(await sandbox());
  stack.use(await sandbox({ XDG_RUNTIME_DIR: box.path }));
  return stack;
}

/** Another task that has made a run, and holds it. */
async function startTask(): Promise<{ child: Deno.ChildProcess; id: string } & AsyncDisposable> {
  const script = fromFileUrl(new URL("testdata/hold_run.ts", import.meta.url));
  const task = await startScript(script, ["debian-amd64"], "made");
  const [id = ""] = await namesIn(runsDir());
  return { ...task, id };
}

/** Above the largest pid of any Linux (PID_MAX_LIMIT in linux/threads.h). */
const NO_PROCESS = 4_194_305;

/** Writes the record of a guest whose QEMU is this process. */
async function record(id: string, facts: Partial<RunRecord> & { pid: number }): Promise<RunRecord> {
  const written = {
    id,
    platform: "debian-amd64",
    startTime: await processStartTime(facts.pid) ?? "0",
    sshPort: 2222,
    user: "ci",
    imageDir: "/images/debian-amd64/0123456789abcdef",
    accelerator: "tcg",
    memoryMiB: 1024,
    cores: 2,
    kept: false,
    started: "2026-11-01T10:00:00.000Z",
    console: "/logs/debian-amd64.console.log",
    ...facts,
  };
  await writeRecord(written);
  return written;
}

/** Ends the task's hold on a run, but leaves the directory, as `kill -9` does. */
async function abandon(run: RunDir): Promise<void> {
  run.leave();
  await run[Symbol.asyncDispose]();
}

/** Makes a run that is left behind, and returns its id. */
async function abandonRun(): Promise<string> {
  const run = await createRun("debian-amd64");
  await abandon(run);
  return run.id;
}

const namesIn = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();

const mode = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;

Deno.test("createRun() makes private directories, and removes them when disposed", async () => {
  await using _state = await state();
  {
    await using run = await createRun("debian-amd64");
    assertMatch(run.id, /^debian-amd64-[0-9a-f]{8}$/);
    assertEquals(run.dir, join(runsDir(), run.id));
    assertEquals(run.socketDir, join(socketDir(), run.id));
    assertEquals([await mode(run.dir), await mode(run.socketDir)], [0o700, 0o700]);
    const holder = await Deno.readTextFile(join(run.dir, RUN_FILES.lock));
    assertEquals(holder, `pid ${Deno.pid} (debian-amd64)\n`);
    await using other = await createRun("debian-amd64");
    assertNotEquals(other.id, run.id);
  }
  assertEquals([await namesIn(runsDir()), await namesIn(socketDir())], [[], []]);
});

Deno.test("RunDir.leave() keeps the directories of a guest that stays up", async () => {
  await using _state = await state();
  const id = await abandonRun();
  assertEquals([await namesIn(runsDir()), await namesIn(socketDir())], [[id], [id]]);
  await removeRun(id);
  assertEquals([await namesIn(runsDir()), await namesIn(socketDir())], [[], []]);
});

Deno.test("removeRun() finds the sockets of a task that had another XDG_RUNTIME_DIR", async () => {
  await using _state = await state();
  const id = await abandonRun();
  const sockets = join(socketDir(), id);
  await record(id, { pid: Deno.pid, kept: true, socketDir: sockets });
  await using _env = await sandbox({ XDG_RUNTIME_DIR: "", GUESTHOUSE_STATE: stateDir() });
  assertNotEquals(dirname(sockets), socketDir());
  assertEquals(await socketsOf(id), [sockets]);
  await removeRun(id);
  assertEquals([await namesIn(runsDir()), await namesIn(dirname(sockets))], [[], []]);
});

Deno.test("listRuns() gives the guests that are up, oldest first", async () => {
  await using _state = await state();
  assertEquals(await listRuns(), []);
  await using qemu = startSleep();
  await using second = await createRun("debian-amd64");
  await using first = await createRun("debian-amd64");
  await using gone = await createRun("debian-amd64");
  await using damaged = await createRun("debian-amd64");
  await using _unwritten = await createRun("debian-amd64");
  const { pid } = qemu;
  const late = await record(second.id, { pid, started: "2026-11-01T10:00:01.000Z" });
  const early = await record(first.id, { pid, project: "/home/ci/hello" });
  await record(gone.id, { pid: NO_PROCESS });
  await Deno.writeTextFile(join(damaged.dir, RUN_FILES.record), '{"id": "x", "pid":');
  assertEquals(await listRuns(), [early, late]);
});

Deno.test("findKept() gives the newest kept guest of a platform", async () => {
  await using _state = await state();
  await using qemu = startSleep();
  const { pid } = qemu;
  const started = (second: number) => `2026-11-01T10:00:0${second}.000Z`;
  await using newest = await createRun("debian-amd64");
  await using older = await createRun("debian-amd64");
  await using passing = await createRun("debian-amd64");
  await using other = await createRun("debian-arm64");
  await record(newest.id, { pid, kept: true, started: started(2) });
  await record(older.id, { pid, kept: true, started: started(1) });
  await record(passing.id, { pid, kept: false, started: started(3) });
  await record(other.id, { pid, kept: true, started: started(4), platform: "debian-arm64" });
  assertEquals((await findKept("debian-amd64"))?.id, newest.id);
  assertEquals((await findKept("debian-arm64"))?.id, other.id);
  assertEquals(await findKept("freebsd-amd64"), undefined);
});

Deno.test("isAlive() identifies a process by pid and start time, not by pid alone", async () => {
  await using _state = await state();
  await using run = await createRun("debian-amd64");
  const qemu = startSleep();
  const written = await record(run.id, { pid: qemu.pid });
  assertEquals(await isAlive(written), true);
  assertEquals(await isAlive({ ...written, startTime: "1" }), false);
  await qemu[Symbol.asyncDispose]();
  assertEquals(await isAlive(written), false);
});

Deno.test("sweepRuns() removes what a task that was killed left behind", async () => {
  await using _state = await state();
  await using task = await startTask();
  assertEquals(await sweepRuns(), []);
  assertEquals(await namesIn(runsDir()), [task.id]);
  task.child.kill("SIGKILL");
  await within(task.child.status);
  assertEquals(await sweepRuns(), [task.id]);
  assertEquals([await namesIn(runsDir()), await namesIn(socketDir())], [[], []]);
  assertEquals(await sweepRuns(), []);
});

Deno.test("leftRuns() keeps each run locked until the next, and removes none", async () => {
  await using _state = await state();
  const id = await abandonRun();
  for await (const left of leftRuns()) {
    assertEquals(left, { id, why: "its task is gone, and it has no guest" });
    assertEquals(await Array.fromAsync(leftRuns()), []);
  }
  assertEquals((await Array.fromAsync(leftRuns())).length, 1);
  assertEquals(await namesIn(runsDir()), [id]);
});

Deno.test("leftSockets() names the directories of this checkout's runs that are gone", async () => {
  await using _state = await state();
  await using _run = await createRun("debian-amd64");
  const gone = await createRun("debian-amd64");
  await abandon(gone);
  await Deno.remove(gone.dir, { recursive: true });
  await Deno.mkdir(join(socketDir(), "debian-amd64-of-others"));
  assertEquals(await leftSockets(), [gone.socketDir]);
});

Deno.test("leftSockets() does not look where a link leads that others may have made", async () => {
  await using _state = await state();
  const run = await createRun("debian-amd64");
  await abandon(run);
  await Deno.remove(run.dir, { recursive: true });
  const [dir, far] = [socketDir(), `${socketDir()}.far`];
  await Deno.rename(dir, far);
  await Deno.symlink(far, dir);
  assertEquals(await leftSockets(), []);
});

Deno.test("createRun() sweeps, too", async () => {
  await using _state = await state();
  await abandonRun();
  await using run = await createRun("debian-arm64");
  assertEquals(await namesIn(runsDir()), [run.id]);
});

Deno.test("sweepRuns() ends a guest that outlived its task, unless it was kept", async () => {
  await using _state = await state();
  await using keptQemu = startSleep();
  await using lostQemu = startSleep();
  const kept = await createRun("debian-amd64");
  const lost = await createRun("debian-amd64");
  await record(kept.id, { pid: keptQemu.pid, kept: true });
  await record(lost.id, { pid: lostQemu.pid });
  await abandon(kept);
  await abandon(lost);
  assertEquals(await sweepRuns(), [lost.id]);
  assertEquals((await within(lostQemu.child.status)).signal, "SIGKILL");
  assertEquals(await living([keptQemu.pid]), [keptQemu.pid]);
  assertEquals(await namesIn(runsDir()), [kept.id]);
  // Once the kept guest has ended, its directory goes as well.
  await keptQemu[Symbol.asyncDispose]();
  assertEquals(await sweepRuns(), [kept.id]);
});

Deno.test("sweepRuns() leaves a process alone that has the pid of a former guest", async () => {
  await using _state = await state();
  await using stranger = startSleep();
  const run = await createRun("debian-amd64");
  await record(run.id, { pid: stranger.pid, startTime: "1", kept: true });
  await abandon(run);
  assertEquals(await sweepRuns(), [run.id]);
  assertEquals(await living([stranger.pid]), [stranger.pid]);
});

const DAMAGED = {
  "without a start time": `{"pid": 4194305, "kept": true}`,
  "of a process group": `{"pid": -4194305, "startTime": "1", "kept": true}`,
  "that is cut off": `{"pid": 4194305, "star`,
  "that is no object": `null`,
};
for (const [what, text] of Object.entries(DAMAGED)) {
  Deno.test(`sweepRuns() ignores a record ${what}`, async () => {
    await using _state = await state();
    const id = await abandonRun();
    await Deno.writeTextFile(join(runsDir(), id, RUN_FILES.record), text);
    assertEquals(await listRuns(), []);
    assertEquals(await sweepRuns(), [id]);
    assertEquals(await namesIn(runsDir()), []);
  });
}

for (
  const facts of [
    ...[{ imageDir: null }, { imageDir: undefined }, { backing: 1 }, { kept: "yes" }, { pid: -1 }],
    ...[{ id: "../other" }, { sshPort: {} }, { memoryMiB: "1" }, { startTime: 1 }],
  ]
) {
  Deno.test(`listRuns() ignores a record with ${JSON.stringify(facts)}`, async () => {
    await using _state = await state();
    await using qemu = startSleep();
    await using run = await createRun("debian-amd64");
    const whole = await record(run.id, { pid: qemu.pid });
    assertEquals(await listRuns(), [whole]);
    const path = join(run.dir, RUN_FILES.record);
    await Deno.writeTextFile(path, JSON.stringify({ ...whole, ...facts }));
    assertEquals(await listRuns(), []);
  });
}

Deno.test("sweepRuns() and createRun() do not get in each other's way", async () => {
  await using _state = await state();
  const sweep = async () => {
    for (let round = 0; round < 40; round++) await sweepRuns();
  };
  const create = async () => {
    for (let round = 0; round < 40; round++) {
      await using run = await createRun("debian-amd64");
      assert((await Deno.stat(join(run.dir, RUN_FILES.lock))).isFile, "swept while in use");
      assert((await Deno.stat(run.socketDir)).isDirectory, "swept while in use");
    }
  };
  const leave = async () => {
    for (let round = 0; round < 10; round++) await abandonRun();
  };
  await within(Promise.all([create(), create(), sweep(), sweep(), leave()]));
  await sweepRuns();
  assertEquals([await namesIn(runsDir()), await namesIn(socketDir())], [[], []]);
});
