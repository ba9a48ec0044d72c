// Boots real guests that configure themselves, with a small script in place of all packages.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import { WorkError } from "../lib/base/errors.ts";
import { loadPlatform } from "../lib/config/platform.ts";
import { IMAGE_FILES, platformsDir } from "../lib/base/files/paths.ts";
import { $ } from "../lib/base/process/dollar.ts";
import { configureOnFirstBoot } from "../lib/image/system/debian/first_boot.ts";
import { imageState, useImage } from "../lib/image/platform/platform_image.ts";
import { makeSandbox } from "./support/harness.ts";

const platform = await loadPlatform(platformsDir, "debian-amd64");

/** A shell of the host's and what it is linked with, as Debian lays them out. */
const SHELL = ["/bin/sh", "/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6"];

const haveShell = (await Promise.all(SHELL.map((path) => Deno.stat(path).catch(() => undefined))))
  .every((info) => info?.isFile);
const ignore = Deno.build.arch !== platform.arch || !haveShell ||
  (await imageState(platform)).kind === "missing";

/** The first boot of a disk that holds a shell and this script; returns the console's lines. */
async function firstBoot(dir: string, script: string): Promise<string[]> {
  await using image = await useImage(platform);
  const tree = join(dir, "tree");
  for (const path of SHELL) {
    await Deno.mkdir(join(tree, dirname(path)), { recursive: true });
    await Deno.copyFile(path, join(tree, path));
  }
  await Deno.writeTextFile(join(tree, "guesthouse-first-boot"), script);
  await Deno.copyFile(image.boot!.kernel, join(dir, IMAGE_FILES.kernel));
  await Deno.copyFile(image.boot!.initramfs, join(dir, IMAGE_FILES.initramfs));
  const [raw, disk] = [join(dir, "disk.raw"), join(dir, IMAGE_FILES.disk)];
  await $`mke2fs -q -t ext4 -d ${tree} ${raw} 32M`;
  await $`qemu-img convert -f raw -O qcow2 ${raw} ${disk}`;
  const lines: string[] = [];
  await configureOnFirstBoot(platform, dir, {
    log: (line) => lines.push(line),
    signal: new AbortController().signal,
  });
  await $`qemu-img convert -f qcow2 -O raw ${disk} ${raw}`;
  return lines;
}

Deno.test({
  name: "the first boot runs the script in the root, and leaves a clean disk",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const script = [
      "set -e",
      'echo "in $PWD with $PATH"',
      "test -d /proc/1 && test -d /sys/kernel && test -c /dev/null && echo mounted",
      "echo done >/written",
      // As a daemon that a package has started: it must not keep the disk busy.
      "(while :; do read -r line </proc/uptime; done) &",
      "",
    ].join("\n");
    const lines = await firstBoot(box.dir, script);
    const said = lines.map((line) => line.trim());
    for (const line of ["in / with /usr/sbin:/usr/bin:/sbin:/bin", "mounted", "[init] status=0"]) {
      assert(said.includes(line), `no line "${line}" in:\n${said.join("\n")}`);
    }
    assertMatch(said.join("\n"), /\[init\] first-boot: \d+ ms\nguesthouse-init: configured\n/);
    const raw = join(box.dir, "disk.raw");
    // Status 0: nothing to repair, not even a journal to replay.
    await $`e2fsck -f -n ${raw}`;
  },
});

Deno.test({
  name: "the first boot fails with the script's own words and status",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const error = await assertRejects(
      () => firstBoot(box.dir, "echo this went wrong\nexit 3\n"),
      WorkError,
      'Cannot configure image "debian-amd64" on its first boot: QEMU ended with status 0',
    );
    const details = error.details.map((line) => line.trim());
    const at = details.indexOf("this went wrong");
    assertEquals(details.slice(at, at + 4), [
      "this went wrong",
      "[init] first-boot: /guesthouse-first-boot: exit status: 3",
      "[init] first-boot failed: errno=125 (ECANCELED)",
      "[init] status=69",
    ]);
  },
});
