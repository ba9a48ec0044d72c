import { join, toFileUrl } from "@std/path";
import { execText } from "../../../guest/exec_text.ts";
import type { SshConnection } from "../../../guest/ssh.ts";
import { diskArgs } from "../../../qemu/args.ts";
import type {
  BootPlan,
  DevFlavour,
  FirstBootGuest,
  FirstBootOutcome,
  FlavourRequest,
  PrepareRequest,
} from "../flavour.ts";
import { root } from "../../../base/files/paths.ts";
import { DEV_FILES } from "../../state/dev_paths.ts";
import { readTextIfPresent } from "../../../base/files/read_text.ts";
import { removeAll } from "../../../base/files/directories.ts";
import { buildImage, findBuilder } from "./builder.ts";
import type { NixosSources } from "../../../config/nixos_sources.ts";
import { applySeed, bootBlind, recordLock } from "./nixos_first_boot.ts";
import { fetchSdImage, findUboot, type ImageOptions, makeGuestDisk } from "./nixos_image.ts";
import type { LocalSettings } from "./local_file.ts";
import { configuredMount } from "../../share/share_mount.ts";
import { makeSeedDisk } from "./seed_disk.ts";

/** Files of a NixOS guest, besides `DEV_FILES`. */
export const NIXOS_FILES = {
  uboot: "u-boot.bin",
  /** The disk that a stock image gets its configuration from. */
  seed: "seed.img",
  /** Records that the configuration is in the disk, and whether the host's key is still missing. */
  applied: "applied",
} as const;

/** The contents of {@link NIXOS_FILES.applied} for an image with the configuration and no key. */
const WITHOUT_KEY = "without key\n";

/** Building a whole system, under emulation and with everything to download. */
const BUILD_MS = 3 * 3_600_000;
/** How much longer than later ones the stock image takes to start: it grows its disk first. */
const FIRST_BOOT_FACTOR = 3;

/** NixOS: its own image if this host can build one, else the stock image, which builds itself. */
export const nixos: DevFlavour = {
  name: "nixos",
  prepareTools: () => Promise.resolve(["nixos"]),
  firstBootWithoutSsh: true,
  bringsMount: false,
  prepare,
  boot,
  firstBoot,
  generation,
  tidy: [
    {
      what: "old generations and what only they need",
      argv: ["sudo", "-n", "nix-collect-garbage", "--delete-old"],
    },
    {
      what: "boot entries of removed generations",
      argv: ["sudo", "-n", "/run/current-system/bin/switch-to-configuration", "boot"],
    },
  ],
};

/** Loaded by its path: configuration is not part of `lib/`. */
async function loadNixosSources(): Promise<NixosSources> {
  return (await import(toFileUrl(join(root, "configs", "nixos.ts")).href)).default;
}

async function prepare(request: PrepareRequest): Promise<void> {
  const { dir, config, signal, onStep, log } = request;
  // A disk with its configuration took half an hour; an interrupted init resumes with it.
  if (await applied(dir) !== "no" && !request.force) return;
  await removeAll(join(dir, NIXOS_FILES.applied));
  const sources = await loadNixosSources();
  await Deno.copyFile(await findUboot(sources, request), join(dir, NIXOS_FILES.uboot));
  onStep("look for a builder of aarch64");
  const builder = await findBuilder(signal);
  const disk = join(dir, DEV_FILES.disk);
  if (!builder.able) {
    log(`${builder.why}; the guest builds itself from NixOS's own image`);
    await prepareStock(sources, { ...request, disk, diskGiB: config.diskGiB });
    return;
  }
  onStep("build the image");
  const { image, lock } = await buildImage({ ...localSettings(request), signal, log });
  await recordLock(lock);
  await makeGuestDisk(image, disk, config.diskGiB, request);
  await Deno.writeTextFile(join(dir, NIXOS_FILES.applied), WITHOUT_KEY);
}

/** Puts the stock image into the guest's disk. */
export async function prepareStock(
  sources: NixosSources,
  options: ImageOptions & { readonly disk: string; readonly diskGiB: number },
): Promise<void> {
  const image = await fetchSdImage(sources, options);
  await makeGuestDisk(image, options.disk, options.diskGiB, options);
}

/** u-boot reads the disk's own boot menu; the first time, there is a disk to be configured from. */
async function boot(request: FlavourRequest): Promise<BootPlan> {
  const { dir, keys, signal } = request;
  const firmware = ["-bios", join(dir, NIXOS_FILES.uboot)];
  if (await applied(dir) === "yes") return { args: firmware, announcesReady: false };
  const path = join(dir, NIXOS_FILES.seed);
  await makeSeedDisk({ ...localSettings(request), path, keys, signal });
  const seed = diskArgs({ path, format: "raw", id: "seed", readOnly: true });
  return { args: firmware, moreDisks: seed, announcesReady: false };
}

async function firstBoot(
  guest: FirstBootGuest,
  request: PrepareRequest,
): Promise<FirstBootOutcome> {
  const { dir, config, signal, onStep, log } = request;
  const { consoleSocket, consoleLog, exited } = guest;
  const bootMs = config.bootMs * FIRST_BOOT_FACTOR;
  const serial = { name: config.name, consoleSocket, consoleLog, exited, signal, bootMs };
  const before = await applied(dir);
  if (before === "yes") {
    if (guest.ssh === undefined) await bootBlind(serial);
    return "done";
  }
  const only = before === "without key" ? { only: "key" } as const : {};
  const lock = await applySeed({ ...serial, ...only, onStep, log, buildMs: BUILD_MS });
  if (await recordLock(lock)) log("Recorded nixpkgs in nix/flake.lock. Commit that file");
  // It contains the guest's host key, which the guest has by now.
  await removeAll(join(dir, NIXOS_FILES.seed));
  await Deno.writeTextFile(join(dir, NIXOS_FILES.applied), "");
  return "restart";
}

/** The number of the system's generation, e.g. `12`. */
async function generation(
  ssh: SshConnection,
  signal: AbortSignal,
): Promise<string | undefined> {
  const argv = ["readlink", "/nix/var/nix/profiles/system"];
  const { code, stdout } = await execText(ssh, argv, { signal, endInGuest: false });
  return code === 0 ? /^system-(\d+)-link$/.exec(stdout.trim())?.[1] : undefined;
}

/** The settings of a guest in `local.nix`. */
function localSettings(request: FlavourRequest): LocalSettings {
  const { config, guestIds, keys } = request;
  // Not what this start mounts: during init there is no share, and the guest keeps the setting.
  const mount = configuredMount(config.share);
  return { config, guestIds, mount, authorizedKeys: [keys.clientPublic] };
}

async function applied(dir: string): Promise<"no" | "without key" | "yes"> {
  const text = await readTextIfPresent(join(dir, NIXOS_FILES.applied));
  if (text === undefined) return "no";
  return text === WITHOUT_KEY ? "without key" : "yes";
}
