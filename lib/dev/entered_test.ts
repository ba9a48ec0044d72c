import { delay } from "@std/async";
import { assertEquals, assertRejects } from "@std/assert";
import { GuestError } from "../base/errors.ts";
import { acquireLock } from "../base/files/lock.ts";
import { startSleep } from "../base/process/process_testing.ts";
import { requireRunning } from "./entered.ts";
import { writeDevGuest } from "./guest_file.ts";
import { devDir, devLock } from "./state/dev_paths.ts";
import { writeDevRecord } from "./state/record.ts";
import { CONFIG, devSandbox, recordOf } from "./dev_testing.ts";

const { name } = CONFIG;

function quietContext() {
  const said: string[] = [];
  const info = (text: string) => void said.push(text);
  const log = { info } as unknown as Parameters<typeof requireRunning>[0]["log"];
  return { said, ctx: { signal: new AbortController().signal, log } };
}

Deno.test("requireRunning() waits for the task that starts the guest", async () => {
  await using _box = await devSandbox();
  await using qemu = startSleep();
  const record = await recordOf(qemu.pid, { starting: true });
  const { said, ctx } = quietContext();
  const lock = await acquireLock(devLock(name), { purpose: "starting it" });
  const found = requireRunning(ctx, name, { orElse: false });
  while (said.length === 0) await delay(10);
  assertEquals(said, [`Another task has guest "armdev": pid ${Deno.pid} (starting it). Waiting`]);
  const { starting: _, ...started } = record;
  await writeDevRecord(started);
  await lock[Symbol.asyncDispose]();
  assertEquals(await found, started);
});

Deno.test("requireRunning() finds no guest if its start has failed meanwhile", async () => {
  await using _box = await devSandbox();
  const { said, ctx } = quietContext();
  const created = new Date().toISOString();
  await Deno.mkdir(devDir(name), { recursive: true });
  await writeDevGuest(devDir(name), { name, flavour: "debian", created });
  const lock = await acquireLock(devLock(name), { purpose: "starting it" });
  let found: Promise<unknown>;
  {
    await using qemu = startSleep();
    await recordOf(qemu.pid, { starting: true });
    found = requireRunning(ctx, name, { orElse: false });
    // Told of where it is waited for.
    found.catch(() => {});
    while (said.length === 0) await delay(10);
  }
  await lock[Symbol.asyncDispose]();
  await assertRejects(
    () => found,
    GuestError,
    'Cannot connect to guest "armdev": it is not running',
  );
});
