import { assertEquals, assertRejects } from "@std/assert";
import { GuestError } from "../base/errors.ts";
import { spawnOwned } from "../base/process/process.ts";
import { shutDown, type ShutdownDeadlines, type ShutdownTarget } from "./shutdown.ts";
import { type PausedQemu, startPausedQemu } from "./qemu_testing.ts";

function target(qemu: PausedQemu): ShutdownTarget {
  return { name: "test", exited: qemu.status, qmp: qemu.qmp, pid: qemu.pid };
}

/** Long where the rung must do it, short where it must fail. */
const SHORT = 100;
const LONG = 60_000;

Deno.test("shutDown() quits at once a guest that does not run and so cannot power down", async () => {
  await using qemu = await startPausedQemu();
  assertEquals(await shutDown(target(qemu), { powerdownMs: LONG, quitMs: LONG }), "quit");
});

Deno.test("shutDown() quits a guest that ignores the power button", async () => {
  await using qemu = await startPausedQemu(["-machine", "q35"]);
  await qemu.qmp.execute("cont");
  assertEquals(await shutDown(target(qemu), { powerdownMs: SHORT, quitMs: LONG }), "quit");
});

Deno.test("shutDown() terminates a QEMU whose QMP connection is lost", async () => {
  await using qemu = await startPausedQemu();
  qemu.qmp.close();
  const deadlines: ShutdownDeadlines = { powerdownMs: LONG, quitMs: LONG, terminateMs: LONG };
  assertEquals(await shutDown(target(qemu), deadlines), "terminate");
});

Deno.test("shutDown() kills a QEMU that hangs", async () => {
  await using qemu = await startPausedQemu();
  Deno.kill(qemu.pid, "SIGSTOP");
  const deadlines = { powerdownMs: SHORT, quitMs: SHORT, terminateMs: SHORT, killMs: LONG };
  assertEquals(await shutDown(target(qemu), deadlines), "kill");
});

Deno.test("shutDown() works without QMP, as for a kept guest whose socket is gone", async () => {
  await using qemu = await startPausedQemu();
  const { name, exited, pid } = target(qemu);
  assertEquals(await shutDown({ name, exited, pid }, { terminateMs: LONG }), "terminate");
  assertEquals(await shutDown({ name, exited, pid }), "gone");
});

Deno.test("shutDown() reports a process that survives SIGKILL", async () => {
  // A process that a KILL did not end, seen from here: one whose end is never reported.
  await using child = spawnOwned(["sleep", "3600"]);
  const immortal = { name: "x", exited: new Promise(() => {}), pid: child.pid };
  const error = await assertRejects(
    () => shutDown(immortal, { terminateMs: 1, killMs: 1 }),
    GuestError,
    'Cannot stop guest "x": QEMU survived SIGKILL',
  );
  assertEquals(error.next?.startsWith("ps -axo pid,stat"), true);
});
