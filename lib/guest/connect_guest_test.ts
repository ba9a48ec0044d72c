import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { GuestError } from "../base/errors.ts";
import { sandbox } from "../base/host_testing.ts";
import { bootTwice } from "./connect_guest.ts";
import { waitForReady } from "./readiness.ts";

/** Boots a guest that never answers the first time, and has said this on its console by then. */
async function bootAgain(said: string) {
  const box = await sandbox();
  const logs = { console: join(box.path, "x.console.log"), qemu: join(box.path, "x.qemu.log") };
  const notes: string[] = [];
  let boots = 0;
  const boot = async () => {
    await Deno.writeTextFile(logs.console, `boot ${++boots}\n${said}`);
    if (boots > 1) return "up";
    return await waitForReady({ name: "x", logs, exited: new Promise(() => {}) }, {
      ...{ deadlineMs: 50, pollMs: 5, connect: () => new Promise<string>(() => {}) },
    });
  };
  const outcome = bootTwice(boot, logs, (text, level) => notes.push(`${level}: ${text}`));
  return { box, logs, notes, outcome };
}

Deno.test("bootTwice() boots a guest again that was not ready in time, and keeps its first console", async () => {
  const { box, logs, notes, outcome } = await bootAgain("");
  await using _box = box;
  assertEquals(await outcome, "up");
  const first = join(box.path, "x.console.first.log");
  assertEquals(await Deno.readTextFile(first), "boot 1\n");
  assertEquals(await Deno.readTextFile(logs.console), "boot 2\n");
  assertEquals(notes, [
    'again: Cannot start guest "x": it was not ready within 0.05 s, so it is started again; its ' +
    `first console is ${first}`,
  ]);
});

Deno.test("bootTwice() boots no guest again whose console says why", async () => {
  const { box, notes, outcome } = await bootAgain("[init] network failed: errno=19\n");
  await using _box = box;
  await assertRejects(() => outcome, GuestError);
  assertEquals(notes, []);
});
