import { delay } from "@std/async";
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { processStartTime } from "../../base/process/start_time.ts";
import { startGuest } from "../../qemu/launch.ts";
import { sharedMemoryArgs } from "../../qemu/share_args.ts";
import type { ShareMode } from "../../config/dev_config.ts";
import { makeShare } from "./make_share.ts";
import { withShareRequest } from "./share_testing.ts";

/** Starts a QEMU with the share that runs no guest, and says which devices it has. */
async function withPausedGuest(
  mode: ShareMode,
  readOnly: boolean,
  use: (
    guest: { devices: string; pid: number; kill(): Promise<void> },
    helper: number,
  ) => Promise<void>,
) {
  await withShareRequest(mode, async (request, dir) => {
    const share = await makeShare(request);
    await using helpers = await share.beforeStart();
    const memory = share.sharedMemory ? sharedMemoryArgs(64) : [];
    const machine = share.sharedMemory ? "virt,memory-backend=mem0" : "virt";
    await using guest = await startGuest({
      name: "paused",
      binary: "qemu-system-aarch64",
      args: [...memory, "-S", "-machine", machine, "-m", "64M", ...share.qemuArgs()],
      wrapper: share.launchWrapper,
      runDir: dir,
      socketDir: request.socketDir,
      logs: { console: join(dir, "console.log"), qemu: join(dir, "qemu.log") },
    });
    const devices = await guest.qmp.execute(
      "human-monitor-command",
      { "command-line": "info qtree" },
    );
    await use(
      { devices: String(devices), pid: guest.pid, kill: () => guest.kill() },
      helpers.processes.virtiofsd?.pid ?? 0,
    );
    await share.afterStop();
  }, readOnly);
}

for (const readOnly of [false, true]) {
  const how = readOnly ? "read-only" : "writable";
  Deno.test(`a 9p share (${how}) is one that QEMU takes, in its user namespace`, async () => {
    await withPausedGuest("9p", readOnly, (guest) => {
      assertEquals(/dev: virtio-9p-pci/.test(guest.devices), true, guest.devices);
      assertEquals(/mount_tag = "share"/.test(guest.devices), true);
      return Promise.resolve();
    });
  });

  Deno.test(`a virtiofs share (${how}) is one that QEMU takes, and ends with QEMU`, async () => {
    await withPausedGuest("virtiofs", readOnly, async (guest, helper) => {
      assertEquals(/dev: vhost-user-fs-pci/.test(guest.devices), true, guest.devices);
      assertEquals(typeof await processStartTime(helper), "string");
      await guest.kill();
      // It notices on its own, so that it cannot outlive a guest whose task is gone.
      for (let tries = 0; tries < 500 && await processStartTime(helper) !== undefined; tries++) {
        await delay(10);
      }
      assertEquals(await processStartTime(helper), undefined);
    });
  });
}
