// Makes images of stand-ins for FreeBSD and NetBSD (tests/bsd) as setup-images does: booted by
// firmware, provisioned over the serial port, and proven by a login over SSH.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { GuestError } from "../lib/base/errors.ts";
import { haveProgram } from "../lib/base/host_testing.ts";
import { sha256File } from "../lib/base/files/file_digest.ts";
import { startLogs } from "../lib/base/files/log_files.ts";
import { platformsDir } from "../lib/base/files/paths.ts";
import { $ } from "../lib/base/process/dollar.ts";
import { definePlatform, loadPlatform } from "../lib/config/platform.ts";
import { SerialConsole } from "../lib/guest/serial_console.ts";
import type { BuildGuests, GuestConsole } from "../lib/image/system/guest_system.ts";
import { logIn } from "../lib/image/system/bsd/log_in.ts";
import { provisionBsd } from "../lib/image/system/bsd/provision_bsd.ts";
import { imageState, useImage } from "../lib/image/platform/platform_image.ts";
import { buildGuests } from "../lib/setup/build_guests.ts";
import { bsdBiosDisk, GRUB_DIR } from "./support/bsd_standin.ts";
import { makeSandbox } from "./support/harness.ts";
import { thorough } from "./support/thorough.ts";

const debian = await loadPlatform(platformsDir, "debian-amd64");
const freebsd = await loadPlatform(platformsDir, "freebsd-amd64");
const ignore = Deno.build.arch !== debian.arch ||
  (await imageState(debian)).kind === "missing" || !haveProgram("/usr/bin/grub-mkimage") ||
  !haveProgram("/usr/sbin/sfdisk") || !await Deno.stat(GRUB_DIR).then(() => true, () => false);

/** FreeBSD's platform, on the firmware that the stand-in boots with. */
const platform = definePlatform({
  ...freebsd,
  machine: "q35,graphics=off",
  memoryMiB: 512,
  image: { ...freebsd.image, kind: "freebsd", firmware: "bios" } as never,
});

interface Made {
  readonly guests: BuildGuests;
  readonly disks: { readonly from: string; readonly to: string };
  readonly dir: string;
}

/** Guests of the stand-in, and its disk. */
async function withGuests(
  words: readonly string[],
  signal: AbortSignal,
  use: (made: Made) => Promise<void>,
  bootMs = platform.timeouts.bootMs,
): Promise<void> {
  await using box = await makeSandbox();
  await using image = await useImage(debian);
  const raw = await bsdBiosDisk(image, debian, words);
  await using logs = await startLogs("bsd-image");
  const disks = { from: join(box.dir, "stock.qcow2"), to: join(box.dir, "disk.qcow2") };
  await $`qemu-img convert -f raw -O qcow2 ${raw} ${disks.from}`;
  const patient = { ...platform, timeouts: { ...platform.timeouts, bootMs } };
  const byHand = { from: disks.from, change: typeByHand };
  const guests = buildGuests({ platform: patient, accelerator: "auto", logs, signal, byHand });
  await use({ guests, disks, dir: box.dir });
}

/** As a user does it: changes something, and turns the guest off. */
async function typeByHand(options: GuestConsole): Promise<void> {
  await using console = await SerialConsole.open(options);
  const patience = { limitMs: 300_000 };
  const shell = await logIn(console, patience);
  await shell.run("echo changed >>/root/by-hand", { ...patience, what: "change it" });
  await console.type("sync; shutdown -p now");
  await options.exited;
}

const PROVISIONING = { script: "provision/freebsd.sh", user: "ci", packages: ["cmake"] };

Deno.test({
  name: "an image of a stand-in for FreeBSD boots by firmware and answers over SSH",
  ignore,
  async fn() {
    const { signal } = new AbortController();
    await withGuests(["standin=freebsd"], signal, async ({ guests, disks, dir }) => {
      const before = await sha256File(disks.from);
      const { kernelVersion } = await guests.changeAtConsole(
        disks,
        (console) => provisionBsd(PROVISIONING, { ...console, onStep: () => {} }),
      );
      assertEquals(kernelVersion, "14.3-RELEASE");
      assertEquals(await sha256File(disks.from), before);
      await guests.verify({ dir, disk: disks.to });
    });
  },
});

Deno.test({
  name: "a provisioning that is stopped half-way leaves no disk, and the publisher's as it was",
  ignore: ignore || !thorough,
  async fn() {
    const stop = new AbortController();
    await withGuests(["standin=freebsd"], stop.signal, async ({ guests, disks }) => {
      const before = await sha256File(disks.from);
      const onStep = (step: string) => {
        if (step === "install packages") stop.abort(new Error("stopped by the test"));
      };
      const changing = guests.changeAtConsole(
        disks,
        (console) => provisionBsd(PROVISIONING, { ...console, onStep }),
      );
      const error = await assertRejects(() => changing, Error);
      assertStringIncludes(error.message, "stopped by the test");
      assertEquals(await sha256File(disks.from), before);
      assert(!await Deno.stat(disks.to).then(() => true, () => false));
    });
  },
});

Deno.test({
  name: "a disk on which nobody can log in is refused",
  ignore: ignore || !thorough,
  async fn() {
    const { signal } = new AbortController();
    await withGuests(["standin=freebsd"], signal, async ({ guests, disks, dir }) => {
      await assertRejects(() => guests.verify({ dir, disk: disks.from }), GuestError);
    }, 30_000);
  },
});

Deno.test({
  name: "what is changed by hand is kept, and can be changed again",
  ignore: ignore || !thorough,
  async fn() {
    const { signal } = new AbortController();
    await withGuests(["standin=freebsd"], signal, async ({ guests, disks, dir }) => {
      const second = { from: disks.to, to: join(dir, "second.qcow2") };
      for (const pair of [disks, second]) await guests.byHand!.change(pair);
      const changes = await guests.changeAtConsole(
        { from: second.to, to: join(dir, "third.qcow2") },
        async (options) => {
          await using console = await SerialConsole.open(options);
          const shell = await logIn(console, { limitMs: 300_000 });
          const how = { limitMs: 300_000, what: "look" };
          const lines = await shell.must(["cat", "/root/by-hand"], how);
          await console.type("sync; shutdown -p now");
          await options.exited;
          return lines.filter((line) => line === "changed").length;
        },
      );
      assertEquals(changes, 2);
    });
  },
});
