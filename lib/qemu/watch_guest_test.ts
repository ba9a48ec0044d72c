import { delay } from "@std/async";
import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { GuestError, HostError } from "../base/errors.ts";
import { EventHub } from "./qmp_events.ts";
import type { QmpClient } from "./qmp.ts";
import { watchGuest, type WatchOptions } from "./watch_guest.ts";

/** A QEMU of which only the events, and two commands, are there. */
async function withQemu(
  use: (hub: EventHub, options: WatchOptions, commands: string[]) => Promise<void>,
) {
  const dir = await Deno.makeTempDir({ prefix: "gh-watch-" });
  const hub = new EventHub();
  const commands: string[] = [];
  const disk = {
    device: "disk0",
    inserted: { file: join(dir, "overlay"), drv: "qcow2", ro: false },
  };
  const execute = (command: string) => {
    commands.push(command);
    return Promise.resolve(command === "query-block" ? [disk] : {});
  };
  const qmp = { events: () => hub.iterate(), execute: execute as QmpClient["execute"] };
  const logs = { console: join(dir, "console"), qemu: join(dir, "qemu") };
  try {
    await use(hub, { name: "x", qmp, logs, pollMs: 5 }, commands);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const failure = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(signal.reason));
    if (signal.aborted) resolve(signal.reason);
  });

const ioError = (action: string) => ({
  event: "BLOCK_IO_ERROR",
  data: { device: "disk0", operation: "write", action, reason: "No space left on device" },
  timeMs: 0,
});

Deno.test("watchGuest() reports a guest that QEMU has paused because the disk is full", async () => {
  await withQemu(async (hub, options) => {
    await using watch = await watchGuest(options);
    // What the guest is told of is its own matter.
    hub.publish(ioError("report"));
    hub.publish({ event: "STOP", data: {}, timeMs: 0 });
    hub.publish(ioError("stop"));
    const error = await failure(watch.failed);
    assertInstanceOf(error, HostError);
    assertEquals(error.message, 'Cannot continue with guest "x": a disk of this host is full');
    assertEquals(
      error.details[0],
      "QEMU has paused it, as it cannot write to disk0: No space left on device",
    );
    assertMatch(error.details[1] ?? "", /^file system \//);
    assertEquals(error.details.length, 2);
  });
});

for (const which of ["console", "qemu"] as const) {
  Deno.test(`watchGuest() pauses a guest that writes too much: ${which}`, async () => {
    await withQemu(async (_hub, options, commands) => {
      const path = options.logs[which];
      await Deno.writeTextFile(options.logs.qemu, "of an earlier run ".repeat(100));
      await using watch = await watchGuest({ ...options, consoleBytes: 1000, qemuLogBytes: 1000 });
      await Deno.writeTextFile(path, "x".repeat(999), { append: true });
      await delay(30);
      assertEquals(watch.failed.aborted, false);
      await Deno.writeTextFile(path, "xx", { append: true });
      const error = await failure(watch.failed);
      assertInstanceOf(error, GuestError);
      assertMatch(
        error.message,
        /^Cannot continue with guest "x": it has filled a log with more than /,
      );
      assertEquals(error.details, [`log: ${path}`]);
      assertEquals(commands, ["stop"]);
    });
  });
}

Deno.test("watchGuest() ends with its disposal, and with the connection", async () => {
  await withQemu(async (hub, options) => {
    const watch = await watchGuest({ ...options, consoleBytes: 0 });
    await watch[Symbol.asyncDispose]();
    hub.publish(ioError("stop"));
    await Deno.writeTextFile(options.logs.console, "x");
    await using other = await watchGuest(options);
    hub.end(new Error("lost"));
    await delay(30);
    assertEquals([watch.failed.aborted, other.failed.aborted], [false, false]);
  });
});
