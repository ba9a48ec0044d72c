import { join } from "@std/path";
import { cleanPackages } from "../../image/system/debian/debian_commands.ts";
import { hostsText } from "../../image/system/debian/debian_seeds.ts";
import { quoteWord } from "../../guest/quote.ts";
import { $ } from "../../base/process/dollar.ts";
import { ensureImage } from "../../image/platform/build_image.ts";
import { type CpioEntry, directory, file, packCpio } from "../../image/format/cpio.ts";
import { imageState, useImage } from "../../image/platform/platform_image.ts";
import { kernelArgs } from "../../qemu/args.ts";
import { copyBootFiles, mendBootFiles } from "./boot_files.ts";
import { devImage } from "./debian_image.ts";
import type { BootPlan, DevFlavour, FlavourRequest, PrepareRequest } from "./flavour.ts";
import { DEV_FILES } from "../state/dev_paths.ts";
import { removeAll } from "../../base/files/directories.ts";
import type { GuestMount } from "../share/share.ts";
import { ownMountOptions } from "../share/share_mount.ts";
import { devShellSeed } from "../state/shell.ts";

/** Debian 12: a copy of an image that is built from packages once, ready in minutes. */
export const debian: DevFlavour = {
  name: "debian",
  async prepareTools(force) {
    const isReady = !force && (await imageState(await devImage())).kind === "ready";
    return isReady ? [] : ["image", "binfmt", "init"];
  },
  firstBootWithoutSsh: false,
  bringsMount: true,
  prepare,
  boot,
  // The configuration is applied at every start; the login proves that it was.
  firstBoot: () => Promise.resolve("done"),
  generation: () => Promise.resolve(undefined),
  tidy: [
    { what: "packages of apt", argv: cleanPackages },
    { what: "Nix store", argv: ["nix-collect-garbage", "--delete-old"] },
  ],
};

async function prepare(request: PrepareRequest): Promise<void> {
  const { dir, config, signal, onStep, log, force } = request;
  const platform = await devImage();
  await ensureImage(platform, { signal, log, force, onPhase: onStep });
  // Its version stays while it is copied, even if another one is built.
  await using image = await useImage(platform);
  onStep("copy the disk");
  const disk = join(dir, DEV_FILES.disk);
  // A full copy: the guest keeps working when its image is rebuilt or removed.
  await Deno.copyFile(image.disk, disk);
  signal.throwIfAborted();
  await $`qemu-img resize -q -f qcow2 ${disk} ${config.diskGiB}G`.signal(signal)
    .what("enlarge the disk");
  await copyBootFiles(image, dir);
}

/** The kernel boots directly; its initramfs contains the settings of this start. */
async function boot(request: FlavourRequest): Promise<BootPlan> {
  const { dir, config } = request;
  const initramfs = join(dir, DEV_FILES.seeded);
  if (request.dryRun !== true) {
    await mendBootFiles(config.name, dir);
    await removeAll(initramfs);
    await Deno.copyFile(join(dir, DEV_FILES.initramfs), initramfs);
    // It contains the guest's host key.
    await Deno.chmod(initramfs, 0o600);
    await Deno.writeFile(initramfs, packDevSeed(request), { append: true });
  }
  return {
    args: kernelArgs({
      kernel: join(dir, DEV_FILES.kernel),
      initramfs,
      append: [
        (await devImage()).append ?? "",
        `systemd.hostname=${config.name}`,
        ...(request.screen === true ? ["guesthouse.gui"] : []),
      ],
    }),
    announcesReady: true,
  };
}

/** The files that the initramfs copies over the root at each start (docs/tiny-init.md). */
export function packDevSeed(request: FlavourRequest): Uint8Array<ArrayBuffer> {
  const { config, keys, mount } = request;
  const dirs = ["seed", "seed/etc", "seed/etc/ssh", "seed/etc/ssh/authorized_keys.d"];
  return packCpio([
    ...[...dirs, "seed/etc/guesthouse"].map((path) => directory(path)),
    file("seed/etc/hostname", `${config.name}\n`),
    file("seed/etc/hosts", hostsText(config.name)),
    file("seed/etc/ssh/ssh_host_ed25519_key", keys.hostSecret, 0o600),
    file("seed/etc/ssh/ssh_host_ed25519_key.pub", `${keys.hostPublic}\n`),
    file(`seed/etc/ssh/authorized_keys.d/${config.user}`, `${keys.clientPublic}\n`),
    file("seed/etc/guesthouse/dev.env", settingsText(request)),
    ...mount === undefined ? [] : shareUnit(config.share.name, mount),
    ...devShellSeed(`/${config.share.name}`),
  ]);
}

/**
 * Describes the share to systemd before it is mounted (by `provision/arm_dev_debian.sh`).
 * Otherwise, systemd would read seventy units, on which a mount depends by default, before it
 * starts sshd.
 */
function shareUnit(share: string, { source, type }: GuestMount): CpioEntry[] {
  // The only character in a share's name that systemd.unit(5) escapes.
  const unit = `${share.replaceAll("-", "\\x2d")}.mount`;
  const system = "seed/etc/systemd/system";
  const early = `${system}/guesthouse-setup.service.d`;
  return [
    ...["seed/etc/systemd", system, early].map((path) => directory(path)),
    file(`${early}/share.conf`, `[Unit]\nBefore=${unit}\n`),
    file(
      `${system}/${unit}`,
      [
        ...["[Unit]", "DefaultDependencies=no"],
        ...["[Mount]", `What=${source}`, `Where=/${share}`, `Type=${type}`],
        // The journal's socket is one of those units.
        ...["StandardOutput=null", "StandardError=null", ""],
      ].join("\n"),
    ),
  ];
}

/** The file that `provision/arm_dev_debian.sh` sources in the guest, before anybody can log in. */
function settingsText({ config, guestIds, mount }: FlavourRequest): string {
  const settings = {
    DEV_USER: config.user,
    DEV_UID: String(guestIds.uid),
    DEV_GID: String(guestIds.gid),
    SHARE_DIR: `/${config.share.name}`,
    SHARE_TYPE: mount?.type ?? "",
    SHARE_SOURCE: mount?.source ?? "",
    SHARE_OPTIONS: mount === undefined ? "" : ownMountOptions(mount),
  };
  return Object.entries(settings).map(([name, value]) => `${name}=${quoteWord(value)}\n`).join("");
}
