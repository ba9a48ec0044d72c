// Snapshots that are damaged, foreign or cut off: real guests then boot.
import { delay } from "@std/async";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { findProgram } from "../lib/base/process/find_program.ts";
import { sparseDigest } from "../lib/base/files/file_digest.ts";
import { recordFile } from "../lib/base/files/file_record.ts";
import { makeSandbox } from "./support/harness.ts";
import { killHard } from "./support/outcome.ts";
import {
  AMD64,
  inGuest,
  ownSnapshots,
  placeSnapshot,
  SMALL,
  snapshotDirs,
} from "./support/own_snapshots.ts";

/** Damages a file of a snapshot in place. */
type Damage = (path: string) => Promise<void>;

const truncated: Damage = async (path) => {
  const { size } = await Deno.stat(path);
  await Deno.truncate(path, Math.floor(size / 2));
};

const flipped: Damage = async (path) => {
  using file = await Deno.open(path, { read: true, write: true });
  const { size } = await file.stat();
  const byte = new Uint8Array(1);
  await file.seek(Math.floor(size / 3), Deno.SeekMode.Start);
  await file.read(byte);
  await file.seek(Math.floor(size / 3), Deno.SeekMode.Start);
  await file.write(byte.map((value) => value ^ 1));
};

Deno.test("a snapshot that was truncated or changed by a bit is named, removed and replaced", async () => {
  await using box = await ownSnapshots();
  await placeSnapshot(box);
  for (
    const [name, damage, says] of [
      ["memory", truncated, /memory has \d+ bytes, not the \d+ that were saved/],
      ["state", flipped, /state is damaged/],
    ] as const
  ) {
    const [dir] = await snapshotDirs(box);
    await damage(join(dir!, name));
    const { stderr } = await inGuest(box, "true");
    assertMatch(stderr, says);
    assertMatch(stderr, /is unusable and was removed/);
    const next = await inGuest(box, "true");
    assertEquals(/no use/.test(next.stderr), false, next.stderr);
  }
  await box.assertClean();
});

/** Makes a snapshot's own record vouch for what its files are now, as a forger would. */
async function vouchFor(dir: string, name: string): Promise<void> {
  const path = join(dir, "snapshot.json");
  const manifest = JSON.parse(await Deno.readTextFile(path));
  const digestOf = name === "memory" ? (file: string) => sparseDigest(file) : undefined;
  manifest.files[name] = await recordFile(join(dir, name), digestOf);
  await Deno.writeTextFile(path, JSON.stringify(manifest));
}

Deno.test("a state that QEMU cannot load, or a guest that never answers, leads to one cold start", async () => {
  await using box = await ownSnapshots();
  await placeSnapshot(box);
  const [first] = await snapshotDirs(box);
  await truncated(join(first!, "state"));
  await vouchFor(first!, "state");
  const unloadable = await inGuest(box, "echo up");
  assertEquals(unloadable.stdout, "up\n");
  assertMatch(
    unloadable.stderr,
    /Cannot start "debian-amd64" warm, so it boots: .*load of migration failed/,
  );
  assertEquals(await snapshotDirs(box), []);

  await placeSnapshot(box);
  const [second] = await snapshotDirs(box);
  // A foreign machine's memory: it runs into nothing.
  await Deno.truncate(join(second!, "memory"), 0);
  await Deno.truncate(join(second!, "memory"), 512 * 2 ** 20);
  await vouchFor(second!, "memory");
  const silent = await inGuest(box, "echo up");
  assertEquals(silent.stdout, "up\n");
  assertMatch(silent.stderr, /Cannot start "debian-amd64" warm, so it boots: /);
  assertEquals(await snapshotDirs(box), []);
  await box.assertClean();
});

Deno.test("a snapshot of another platform under this one's key is refused", async () => {
  await using box = await ownSnapshots();
  await placeSnapshot(box);
  await inGuest(box, "true", ["--memory", "600"]);
  const [one, other] = await snapshotDirs(box);
  await Deno.remove(one!, { recursive: true });
  await $`cp -a ${other!} ${one!}`;
  for (const memory of ["512", "600"]) await inGuest(box, "true", ["--memory", memory]);
  const { stdout } = await inGuest(box, "grep MemTotal /proc/meminfo | tr -dc 0-9");
  assert(Number(stdout) < 512 * 1024, `${stdout} KiB in a guest of 512 MiB`);
  await box.assertClean();
});

Deno.test("a snapshot of another QEMU is not used, and the log says why", async () => {
  await using box = await ownSnapshots();
  await placeSnapshot(box);
  // QEMU looks for its modules and firmware beside itself.
  const bin = join(box.dir, "usr/bin");
  await Deno.mkdir(bin, { recursive: true });
  for (const name of ["lib", "share"]) {
    await $`ln -s /usr/${name} ${join(box.dir, "usr", name)}`;
  }
  const qemu = join(bin, "qemu-system-x86_64");
  // The same program as another file: a byte behind its end changes nothing but its digest.
  await Deno.copyFile(findProgram("qemu-system-x86_64")!.path, qemu);
  await Deno.writeTextFile(qemu, "\n", { append: true });
  const env = {
    GUESTHOUSE_SNAPSHOTS: box.snapshots,
    PATH: `${bin}:${Deno.env.get("PATH")}`,
  };
  await using plain = await makeSandbox();
  const outcome = await plain.task("vm-run", [AMD64, ...SMALL, "--", "true"], { env });
  assertEquals(outcome.code, 0, outcome.stderr);
  const log = await Deno.readTextFile(join(plain.dir, `logs/vm-run-${AMD64}.log`));
  assertMatch(log, /none fits \(QEMU changed\)/);
  assertEquals((await snapshotDirs(box)).length, 2);
});

Deno.test({
  name: "a full disk while saving ends in a cold start with a warning",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  fn: async () => {
    await using box = await ownSnapshots();
    await Deno.mkdir(box.snapshots);
    await $`mount -t tmpfs -o size=64m tmpfs ${box.snapshots}`;
    try {
      const { stdout, stderr } = await inGuest(box, "echo up");
      assertEquals(stdout, "up\n");
      assertMatch(stderr, /Cannot start "debian-amd64" warm, so it boots: /);
      assertEquals(await snapshotDirs(box), []);
    } finally {
      await $`umount ${box.snapshots}`;
    }
    await box.assertClean();
  },
});

Deno.test("kill -9 while saving or restoring leaves a working state", async () => {
  await using box = await ownSnapshots();
  const args = [AMD64, ...SMALL, "--", "sleep", "60"];
  const saving = box.start("vm-run", args);
  await waitFor(async () => (await snapshotDirs(box)).length > 0);
  await delay(3000);
  await killHard(saving);
  const { log } = await inGuest(box, "true");
  assertMatch(log, /== snapshot: saved in/);
  assertEquals((await snapshotDirs(box)).length, 1);
  for (const ms of [200, 350, 500, 700, 900]) {
    const restoring = box.start("vm-run", args);
    await restoring.waitFor(/Start a guest/);
    await delay(ms);
    await killHard(restoring);
  }
  const after = await inGuest(box, "echo up");
  assertEquals(after.stdout, "up\n");
  assertMatch(after.log, /== restored: /);
  await box.assertClean();
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await condition()) return;
    await delay(100);
  }
  throw new Error("it did not come to pass within a minute");
}
