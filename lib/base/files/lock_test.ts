import { delay } from "@std/async";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import { HostError, InterruptedError } from "../errors.ts";
import {
  acquireLock,
  isLocked,
  lockHolder,
  tryExistingLock,
  tryLock,
  trySharedLock,
} from "./lock.ts";
import { $ } from "../process/dollar.ts";
import { startScript, testdata, within } from "../process/process_testing.ts";
import { sandbox } from "../host_testing.ts";

/** Another process that holds the lock until its stdin is closed. */
const startHolder = (path: string, purpose: string) =>
  startScript(testdata("hold_lock.ts"), [path, purpose], "held");

Deno.test("acquireLock() makes the file and its directory, and leaves the file when released", async () => {
  await using box = await sandbox();
  const path = join(box.path, "a/b/lock");
  {
    await using lock = await acquireLock(path, { purpose: "building debian" });
    assertEquals(lock.path, path);
    assertEquals(await Deno.readTextFile(path), `pid ${Deno.pid} (building debian)\n`);
  }
  assert((await Deno.stat(path)).isFile);
});

Deno.test("acquireLock() waits for another process, and names it once", async () => {
  await using box = await sandbox();
  const path = join(box.path, "lock");
  await using holder = await startHolder(path, "building debian-amd64");
  const waits: string[] = [];
  const start = Promise.withResolvers<void>();
  let held = false;
  const waiting = acquireLock(path, {
    purpose: "mine",
    onWait: (text) => {
      waits.push(text);
      start.resolve();
    },
  }).then((lock) => {
    held = true;
    return lock;
  });
  await within(start.promise);
  assertEquals(await tryLock(path), undefined);
  assertEquals(held, false);
  await holder.child.stdin.close();
  await using _lock = await within(waiting);
  assertEquals(waits, [`pid ${holder.child.pid} (building debian-amd64)`]);
  assertEquals(await Deno.readTextFile(path), `pid ${Deno.pid} (mine)\n`);
});

Deno.test("acquireLock() gets the lock of a process that was killed", async () => {
  await using box = await sandbox();
  const path = join(box.path, "lock");
  await using holder = await startHolder(path, "killed");
  const waiting = acquireLock(path);
  holder.child.kill("SIGKILL");
  await using _lock = await within(waiting);
  assertEquals(await Deno.readTextFile(path), `pid ${Deno.pid}\n`);
});

Deno.test("acquireLock() excludes others within one process, one after the other", async () => {
  await using box = await sandbox();
  const path = join(box.path, "lock");
  const events: string[] = [];
  const work = async (name: string) => {
    await using _lock = await acquireLock(path);
    events.push(`${name} in`);
    await delay(10);
    events.push(`${name} out`);
  };
  await within(Promise.all([work("a"), work("b"), work("c")]));
  for (let index = 0; index < events.length; index += 2) {
    const name = events[index]?.split(" ")[0];
    assertEquals(events.slice(index, index + 2), [`${name} in`, `${name} out`]);
  }
  assertEquals(events.length, 6);
});

Deno.test("acquireLock() gives up waiting when aborted, with the signal's reason", async () => {
  await using box = await sandbox();
  const path = join(box.path, "lock");
  await using _held = await acquireLock(path);
  const interrupt = new AbortController();
  const waiting = acquireLock(path, {
    signal: interrupt.signal,
    onWait: () => interrupt.abort(new InterruptedError("Interrupted by SIGTERM")),
  });
  await assertRejects(() => within(waiting), InterruptedError, "Interrupted by SIGTERM");
});

Deno.test("acquireLock() calls no onWait for a free lock", async () => {
  await using box = await sandbox();
  const onWait = () => {
    throw new Error("it is free");
  };
  await using _lock = await acquireLock(join(box.path, "lock"), { onWait });
});

Deno.test("tryLock() replaces the longer note of a previous holder", async () => {
  await using box = await sandbox();
  const path = join(box.path, "lock");
  await Deno.writeTextFile(path, `pid 1 (${"long ".repeat(20)})\n`);
  await using _lock = await tryLock(path, { purpose: "short" });
  assertEquals(await Deno.readTextFile(path), `pid ${Deno.pid} (short)\n`);
});

Deno.test("tryLock() never gives a lock on a file that its holder has just removed", async () => {
  await using box = await sandbox();
  let given = 0;
  for (let round = 0; round < 100; round++) {
    const path = join(box.path, String(round), "lock");
    const held = await tryLock(path);
    const tries = Array.from({ length: 8 }, () => tryLock(path));
    // Lets the tries come to different points.
    for (let step = 0; step < round % 3; step++) await Deno.stat(box.path);
    try {
      Deno.removeSync(dirname(path), { recursive: true });
    } catch {
      // A try has created the file again in between.
    }
    await held?.[Symbol.asyncDispose]();
    for (const lock of await Promise.all(tries)) {
      if (lock === undefined) continue;
      given++;
      assertEquals(await Deno.stat(path).then(({ nlink }) => nlink), 1);
      await lock[Symbol.asyncDispose]();
    }
  }
  assertNotEquals(given, 800, "none of them met the removal");
});

Deno.test("tryLock() refuses a path below a file", async () => {
  await using box = await sandbox();
  await Deno.writeTextFile(join(box.path, "file"), "");
  await assertRejects(() => tryLock(join(box.path, "file/lock")), Deno.errors.AlreadyExists);
});

for (const kind of ["file", "directory"] as const) {
  Deno.test(`trySharedLock() and tryExistingLock() exclude each other on a ${kind}`, async () => {
    await using box = await sandbox();
    const path = join(box.path, "thing");
    if (kind === "file") await Deno.writeTextFile(path, "as it was");
    else await Deno.mkdir(path);
    assertEquals(await isLocked(path), false);
    {
      await using first = await trySharedLock(path);
      await using second = await trySharedLock(path);
      assert(first !== undefined && second !== undefined);
      assertEquals([await tryExistingLock(path), await isLocked(path)], [undefined, true]);
    }
    {
      await using lock = await tryExistingLock(path);
      assert(lock !== undefined);
      assertEquals([await trySharedLock(path), await isLocked(path)], [undefined, true]);
      await Deno.remove(path);
    }
    assertEquals([await trySharedLock(path), await isLocked(path)], [undefined, false]);
    assertEquals(await tryExistingLock(path), undefined);
  });
}

Deno.test("tryExistingLock() and isLocked() write nothing into the file", async () => {
  await using box = await sandbox();
  const path = join(box.path, "lock");
  await Deno.writeTextFile(path, "pid 1 (build)\n");
  await (await tryExistingLock(path))?.[Symbol.asyncDispose]();
  assertEquals(await isLocked(path), false);
  assertEquals(await lockHolder(path), "pid 1 (build)");
  assertEquals(await lockHolder(join(box.path, "none")), "");
});

/** Has `flock(2)` fail on every file, as on a file system that has no locks, until disposed. */
function withoutLocks(message: string): Disposable {
  const { prototype } = Deno.FsFile;
  const { tryLock } = prototype;
  prototype.tryLock = () => Promise.reject(new Error(message));
  return { [Symbol.dispose]: () => void (prototype.tryLock = tryLock) };
}

const FAULTS = [
  ["Bad file descriptor", 9],
  ["No locks available", 37],
  ["Input/output error", 5],
  ["Operation not supported", 95],
] as const;
for (const [words, number] of FAULTS) {
  Deno.test(`every lock is refused with advice where flock says "${words}"`, async () => {
    await using box = await sandbox();
    const path = join(box.path, "lock");
    await Deno.writeTextFile(path, "");
    using _ = withoutLocks(`${words} (os error ${number})`);
    for (const take of [acquireLock, tryLock, tryExistingLock, trySharedLock, isLocked]) {
      const error = await assertRejects(
        () => take(path),
        HostError,
        `Cannot lock ${path}: ${words}`,
      );
      assertEquals(error.message, `Cannot lock ${path}: ${words}`);
      assert(error.next?.includes("GUESTHOUSE_STATE"));
    }
  });
}

/** How a file is open in this process, as open(2) has it: 0 to read, 2 to read and write. */
async function accessOf(path: string): Promise<number[]> {
  const look = `for fd in /proc/"$1"/fd/*; do
    [ "$(readlink "$fd")" = "$2" ] && sed -n 's/^flags:.*\\(.\\)$/\\1/p' "\${fd%/fd/*}/fdinfo/\${fd##*/}"
  done; true`;
  const { stdout } = await $`sh -c ${look} sh ${Deno.pid} ${path}`;
  return stdout.split("\n").filter(Boolean).map((digit) => Number(digit) & 3);
}

Deno.test({
  name: "an exclusive lock is held on a file that is open for writing, as NFS wants it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using box = await sandbox();
    const path = join(await Deno.realPath(box.path), "lock");
    await Deno.writeTextFile(path, "");
    for (
      const [take, access] of [[tryLock, 2], [tryExistingLock, 2], [trySharedLock, 0]] as const
    ) {
      await using _lock = await take(path);
      assertEquals(await accessOf(path), [access], take.name);
    }
  },
});

Deno.test("tryLock() holds a lock that it cannot write its holder into, as on a full disk", async () => {
  await using box = await sandbox();
  const path = join(box.path, "lock");
  const { prototype } = Deno.FsFile;
  const { truncate, write } = prototype;
  const full = () => Promise.reject(new Error("No space left on device (os error 28)"));
  for (const fault of [{ truncate: full }, { write: full }]) {
    Object.assign(prototype, fault);
    try {
      await using lock = await tryLock(path, { purpose: "build" });
      assertEquals([lock?.path, await isLocked(path)], [path, true]);
    } finally {
      Object.assign(prototype, { truncate, write });
    }
  }
});
