import { assertEquals } from "@std/assert";
import { devStatus } from "./status.ts";
import { durationText, statusText } from "./status_text.ts";
import { startSleep } from "../base/process/process_testing.ts";
import { CONFIG, devSandbox, recordOf } from "./dev_testing.ts";
import { devDir } from "./state/dev_paths.ts";
import { writeDevGuest } from "./guest_file.ts";

const signal = new AbortController().signal;

Deno.test("devStatus() tells a guest that was never created from one that is not running", async () => {
  await using _box = await devSandbox();
  const none = await devStatus(CONFIG.name, signal);
  assertEquals([none.state, none.flavour, none.disk], ["none", null, null]);
  assertEquals(
    statusText(none),
    'guest "armdev": not created yet\n  next       deno task arm-dev-init',
  );
  await Deno.mkdir(devDir(CONFIG.name), { recursive: true });
  const created = "2026-01-01T00:00:00Z";
  await writeDevGuest(devDir(CONFIG.name), { name: CONFIG.name, flavour: "debian", created });
  const stopped = await devStatus(CONFIG.name, signal);
  assertEquals([stopped.state, stopped.flavour, stopped.created], ["stopped", "debian", created]);
});

Deno.test("devStatus() changes nothing: a stale record stays, and is reported", async () => {
  await using _box = await devSandbox();
  await using other = startSleep();
  await recordOf(other.pid, { bootId: "another-boot" });
  for (let round = 0; round < 2; round++) {
    const status = await devStatus(CONFIG.name, signal);
    assertEquals([status.state, status.stale, status.pid], [
      "none",
      "the host was restarted since",
      null,
    ]);
  }
});

Deno.test("durationText() names the two largest units", () => {
  const cases: [number, string][] = [
    [0, "0 s"],
    [59, "59 s"],
    [3600, "1 h"],
    [3661, "1 h 1 min"],
    [90_061, "1 d 1 h"],
  ];
  for (const [seconds, text] of cases) assertEquals(durationText(seconds), text);
});
