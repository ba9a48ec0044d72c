import { assertEquals } from "@std/assert";
import { basename } from "@std/path";
import { exists } from "../../base/files/directories.ts";
import { findDevGuest, writeDevGuest } from "../guest_file.ts";
import { devDir, devFile } from "./dev_paths.ts";
import { readDevRecord } from "./record.ts";
import { clearRecord, devState, settleState } from "./state.ts";
import { startSleep } from "../../base/process/process_testing.ts";
import { CONFIG, devSandbox, recordOf } from "../dev_testing.ts";

const { name } = CONFIG;

Deno.test("devState() knows a guest that runs by its process, and none without a record", async () => {
  await using _box = await devSandbox();
  assertEquals(await devState(name), { kind: "stopped" });
  await using qemu = startSleep();
  const record = await recordOf(qemu.pid);
  assertEquals(await devState(name), { kind: "running", record });
});

Deno.test("devState() does not believe a record whose process has ended", async () => {
  await using _box = await devSandbox();
  const qemu = startSleep();
  const record = await recordOf(qemu.pid);
  await qemu[Symbol.asyncDispose]();
  const why = `its QEMU (process ${qemu.pid}) has ended`;
  assertEquals(await devState(name), { kind: "stale", record, why });
});

Deno.test("devState() does not believe a record of another boot of the host", async () => {
  await using _box = await devSandbox();
  await using other = startSleep();
  const record = await recordOf(other.pid, { bootId: "another-boot" });
  assertEquals(await devState(name), {
    kind: "stale",
    record,
    why: "the host was restarted since",
  });
});

Deno.test("devState() does not accept a process with QEMU's pid but another start time", async () => {
  await using _box = await devSandbox();
  await using other = startSleep();
  const command = ["sleep", "60"];
  await recordOf(other.pid, { qemu: { pid: other.pid, startTime: "1", command } });
  assertEquals((await devState(name)).kind, "stale");
});

Deno.test("devState() does not accept a process that runs another command", async () => {
  await using _box = await devSandbox();
  await using other = startSleep();
  const { qemu } = await recordOf(other.pid);
  assertEquals([basename(qemu.command[0] ?? ""), qemu.command[1]], ["sleep", "60"]);
  await recordOf(other.pid, { qemu: { ...qemu, command: ["sleep", "61"] } });
  const state = await devState(name);
  assertEquals(
    state.kind === "stale" ? state.why : state.kind,
    `process ${other.pid} runs another command now`,
  );
});

for (const text of ["", "{", "null", '{"qemu": {"pid": 0, "startTime": "1"}}', '{"qemu": {}}']) {
  Deno.test(`readDevRecord() finds no record in ${JSON.stringify(text)}`, async () => {
    await using _box = await devSandbox();
    await using qemu = startSleep();
    await clearRecord(await recordOf(qemu.pid));
    await Deno.writeTextFile(devFile(name, "record"), text);
    assertEquals(await readDevRecord(name), undefined);
  });
}

for (
  const facts of [
    ...[{ share: null }, { helpers: [1] }, { helpers: { virtiofsd: null } }, { sshPort: "22" }],
    ...[{ qmpSocket: {} }, { flavour: "other" }, { user: undefined }, { qemu: { command: "x" } }],
  ]
) {
  Deno.test(`readDevRecord() ignores a record with ${JSON.stringify(facts)}`, async () => {
    await using _box = await devSandbox();
    await using qemu = startSleep();
    const record = await recordOf(qemu.pid);
    assertEquals(await readDevRecord(name), record);
    await Deno.writeTextFile(devFile(name, "record"), JSON.stringify({ ...record, ...facts }));
    assertEquals(await readDevRecord(name), undefined);
  });
}

for (const text of ["", "null", "[]", '{"flavour": "debian"}', '{"flavour": "other"}']) {
  Deno.test(`findDevGuest() finds no guest in ${JSON.stringify(text)}`, async () => {
    await using _box = await devSandbox();
    const guest = { name, flavour: "debian", created: "2026-11-01T10:00:00.000Z" } as const;
    await Deno.mkdir(devDir(name), { recursive: true });
    await writeDevGuest(devDir(name), guest);
    assertEquals(await findDevGuest(name), guest);
    await Deno.writeTextFile(devFile(name, "guest"), text);
    assertEquals(await findDevGuest(name), undefined);
  });
}

Deno.test("settleState() clears a stale record with a message, and leaves a current one", async () => {
  await using _box = await devSandbox();
  await using qemu = startSleep();
  const notes: string[] = [];
  const note = (text: string) => void notes.push(text);
  const record = await recordOf(qemu.pid);
  assertEquals(await settleState(name, note), record);
  await recordOf(qemu.pid, { bootId: "another-boot" });
  assertEquals(await settleState(name, note), undefined);
  assertEquals(notes, [
    'Cleared an old record of guest "armdev": the host was restarted since',
  ]);
  assertEquals(await exists(devFile(name, "record")), false);
  assertEquals(await exists(record.socketDir), false);
  assertEquals(await settleState(name, note), undefined);
  assertEquals(notes.length, 1);
});
