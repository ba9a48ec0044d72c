import { basename, join } from "@std/path";
import { bytesText } from "../../../base/text/bytes.ts";
import { isSameDigest } from "../../../base/files/digest.ts";
import { sha256File } from "../../../base/files/file_digest.ts";
import { isFile } from "../../../base/files/directories.ts";
import { acquireLock } from "../../../base/files/lock.ts";
import { imageCacheDir } from "../../../base/files/paths.ts";
import { UBOOT_PATH } from "../../../host/tools/vm_tools.ts";
import { $ } from "../../../base/process/dollar.ts";
import { download } from "../../../image/disk/download.ts";
import type { FarmJob, NixosSources } from "../../../config/nixos_sources.ts";
import { ensurePin, pinsFile } from "./pins.ts";
import { readSdLayout } from "../../../image/format/sd_layout.ts";
import { unpackSparse } from "../../../image/unpack.ts";

/** What fetching and converting report to. */
export interface ImageOptions {
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  readonly log: (line: string) => void;
  /** Where downloads are kept. Default: with the intermediate parts of images. */
  readonly cacheDir?: string;
  /** The record of pins. Default: `pinsFile()`. */
  readonly pins?: string;
  /** See `download()`. */
  readonly retryMs?: number;
}

/** How often to report progress without a terminal: after this many more bytes. */
const TELL_EVERY = 0.1;

/** The stock SD image, downloaded and verified; usually the path of a `.zst` file. */
export async function fetchSdImage(
  { farm, image }: NixosSources,
  options: ImageOptions,
): Promise<string> {
  return await fetchPinned("sd-image", farm, image, options);
}

/** u-boot: this host's, or the farm's. */
export async function findUboot(
  { farm, uboot }: NixosSources,
  options: ImageOptions,
  own = UBOOT_PATH,
): Promise<string> {
  if (await isFile(own)) return own;
  return await fetchPinned("u-boot", farm, uboot, options);
}

async function fetchPinned(
  name: string,
  farm: string,
  job: FarmJob,
  options: ImageOptions,
): Promise<string> {
  const { signal, onStep, log, pins: path = pinsFile(farm) } = options;
  const { pin, isNew } = await ensurePin({ name, farm, job, signal, path });
  if (isNew) log(`Recorded the checksum of ${name} in ${path}: ${pin.sha256}`);
  const dir = options.cacheDir ?? join(imageCacheDir(), "nixos");
  await Deno.mkdir(dir, { recursive: true });
  const file = decodeURIComponent(basename(new URL(pin.url).pathname));
  const target = join(dir, `${pin.sha256.slice(0, 16)}-${file}`);
  await using _ = await acquireLock(`${target}.lock`, { signal });
  if (isSameDigest(await sha256File(target).catch(() => ""), pin.sha256)) return target;
  onStep(`download ${file} (${bytesText(pin.bytes)})`);
  let told = 0;
  await download({
    ...{ url: pin.url, sha256: pin.sha256, bytes: pin.bytes, path: target, signal },
    retryMs: options.retryMs,
    gone: "remove its entry from nix/pins.json, to take a new pin",
    onProgress: (bytes) => {
      if (bytes < pin.bytes && bytes - told < pin.bytes * TELL_EVERY) return;
      told = bytes;
      log(`${Math.floor(bytes / pin.bytes * 100)}% of ${bytesText(pin.bytes)}`);
    },
  });
  return target;
}

/** Creates the guest's disk, a sparse qcow2, from a checked SD image; the guest grows its root. */
export async function makeGuestDisk(
  source: string,
  disk: string,
  diskGiB: number,
  { signal, onStep }: ImageOptions,
): Promise<void> {
  const raw = `${disk}.raw`;
  try {
    if (source.endsWith(".zst")) {
      onStep("unpack the image");
      await unpackSparse(source, raw, { signal });
    }
    const image = source.endsWith(".zst") ? raw : source;
    await readSdLayout(image);
    onStep("convert the image");
    for (const command of diskCommands(image, disk, diskGiB)) {
      await $`${command}`.signal(signal).what("make the guest's disk");
    }
  } finally {
    await Deno.remove(raw).catch(() => {});
  }
}

/** How a raw image becomes the guest's disk. */
const diskCommands = (raw: string, disk: string, diskGiB: number): string[][] => [
  ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, disk],
  ["qemu-img", "resize", "-q", "-f", "qcow2", disk, `${diskGiB}G`],
];
