import { assertEquals, assertRejects } from "@std/assert";
import { GuestError } from "../base/errors.ts";
import { exists } from "../base/files/directories.ts";
import { acquireLock } from "../base/files/lock.ts";
import { devFile, devLock } from "./state/dev_paths.ts";
import { isSameProcess } from "./state/record.ts";
import { killDev, shutdownDev } from "./stop.ts";
import { startSleep } from "../base/process/process_testing.ts";
import { CONFIG, devSandbox, recordOf } from "./dev_testing.ts";

/** What is asked for, and what is said meanwhile. */
function quietly() {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const options = {
    config: CONFIG,
    signal: new AbortController().signal,
    onStep: say,
    onNote: say,
  };
  return { said, options };
}

Deno.test("killDev() kills the recorded process, and leaves its twin alone", async () => {
  await using _box = await devSandbox();
  await using qemu = startSleep();
  await using decoy = startSleep();
  const record = await recordOf(qemu.pid);
  const twin = await recordOf(decoy.pid).then(({ qemu }) => qemu);
  await recordOf(qemu.pid);
  const killed = await killDev(quietly().options);
  assertEquals(killed?.qemu, record.qemu);
  assertEquals(await isSameProcess(record.qemu), false);
  assertEquals(await isSameProcess(twin), true);
  assertEquals(await exists(devFile(CONFIG.name, "record")), false);
});

Deno.test("killDev() kills a process that is stopped", async () => {
  await using _box = await devSandbox();
  await using qemu = startSleep();
  const record = await recordOf(qemu.pid);
  Deno.kill(qemu.pid, "SIGSTOP");
  await killDev(quietly().options);
  assertEquals(await isSameProcess(record.qemu), false);
});

Deno.test("killDev() leaves a process alone that only has the recorded pid", async () => {
  await using _box = await devSandbox();
  await using other = startSleep();
  const { qemu } = await recordOf(other.pid);
  await recordOf(other.pid, { qemu: { ...qemu, startTime: "1" } });
  const { said, options } = quietly();
  assertEquals(await killDev(options), undefined);
  assertEquals(await isSameProcess(qemu), true);
  assertEquals(said, [
    `Cleared an old record of guest "armdev": its QEMU (process ${other.pid}) has ended`,
  ]);
});

Deno.test("killDev() ends the helpers of a guest with it", async () => {
  await using _box = await devSandbox();
  await using qemu = startSleep();
  await using helper = startSleep();
  const { qemu: virtiofsd } = await recordOf(helper.pid);
  await recordOf(qemu.pid, { helpers: { virtiofsd } });
  await killDev(quietly().options);
  assertEquals(await isSameProcess(virtiofsd), false);
});

Deno.test("killDev() and shutdownDev() do nothing for a guest that is not running", async () => {
  await using _box = await devSandbox();
  const { options } = quietly();
  assertEquals(await killDev(options), undefined);
  assertEquals(await shutdownDev({ ...options, timeoutMs: 1000 }), "not running");
});

Deno.test("shutdownDev() reports a guest that hangs, kills nothing, and names the task that does", async () => {
  await using _box = await devSandbox();
  await using qemu = startSleep();
  // No server listens there.
  const record = await recordOf(qemu.pid, { sshPort: freePort() });
  const error = await assertRejects(
    () => shutdownDev({ ...quietly().options, timeoutMs: 1500 }),
    GuestError,
    'Cannot shut down guest "armdev": it is still running after 1.5 s',
  );
  assertEquals(
    error.next,
    "deno task arm-dev-kill, or deno task arm-dev-shutdown --force-after SECONDS",
  );
  assertEquals(await isSameProcess(record.qemu), true);
  assertEquals(await exists(devFile(CONFIG.name, "record")), true);
});

Deno.test("shutdownDev() waits for a task that has the guest, but not forever", async () => {
  await using _box = await devSandbox();
  await using _lock = await acquireLock(devLock(CONFIG.name), { purpose: "starting it" });
  const { said, options } = quietly();
  const error = await assertRejects(
    () => shutdownDev({ ...options, timeoutMs: 300 }),
    GuestError,
    'Cannot shut down guest "armdev": another task had it for 0.3 s',
  );
  const holder = `pid ${Deno.pid} (starting it)`;
  assertEquals(error.details, [holder]);
  assertEquals(said, [`Another task has guest "armdev": ${holder}. Waiting`]);
});

Deno.test("shutdownDev() kills a guest that hangs after the given time", async () => {
  await using _box = await devSandbox();
  await using qemu = startSleep();
  const record = await recordOf(qemu.pid, { sshPort: freePort() });
  const options = { ...quietly().options, timeoutMs: 60_000, forceAfterMs: 1000 };
  assertEquals(await shutdownDev(options), "kill");
  assertEquals(await isSameProcess(record.qemu), false);
  assertEquals(await exists(devFile(CONFIG.name, "record")), false);
});

/** A port on which nobody listens. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
