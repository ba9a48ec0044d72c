import { join } from "@std/path";
import { removeAll } from "../../../base/files/directories.ts";
import { IMAGE_FILES } from "../../../base/files/paths.ts";
import { denoTaskText } from "../../../base/process/deno_task.ts";
import { $ } from "../../../base/process/dollar.ts";
import { fetchImage } from "../../disk/fetch_image.ts";
import type { SystemBuild } from "../guest_system.ts";
import { diskCommands } from "./bsd_stages.ts";
import type { BsdPlatform, BsdTraits } from "./bsd_traits.ts";
import { provisionBsd, type Provisioned } from "./provision_bsd.ts";

/** The publisher's disk as it was, in the directory of an unfinished image. */
const STOCK = "stock.qcow2";

/** Bytes of a GiB. */
const GIB = 2 ** 30;

/**
 * Makes an image of a publisher's disk: boots it once on an overlay, sets it up over its serial
 * console, and proves it by a login over SSH. Whatever is interrupted begins again with the verified
 * download.
 */
export async function buildBsd(
  platform: BsdPlatform,
  traits: BsdTraits,
  options: SystemBuild,
): Promise<{ readonly dir: string; readonly kernelVersion: string }> {
  const { onPhase, guests } = options;
  if (guests === undefined) throw new TypeError(`${platform.name} needs a guest to be built in`);
  const { name, ssh: { user }, image: { firmware, packages } } = platform;
  const dir = await options.makeDir();
  const disk = join(dir, IMAGE_FILES.disk);
  const stock = join(dir, STOCK);
  const from = guests.byHand?.from ?? await stockDisk(platform, stock, options);
  const provisioned = guests.byHand === undefined
    ? await guests.changeAtConsole(
      { from, to: disk },
      async (console): Promise<Provisioned> =>
        await provisionBsd({
          ...{ script: traits.script, user, packages },
          loader: firmware === "bios" ? traits.loader : undefined,
        }, { ...console, onStep: onPhase, next: denoTaskText("setup-images", [name]) }),
    )
    : await changedByHand(guests.byHand.change({ from, to: disk }));
  await removeAll(stock);
  const list = provisioned.packages.map((line) => `${line}\n`).join("");
  await Deno.writeTextFile(join(dir, IMAGE_FILES.packages), list);
  onPhase("verify");
  await guests.verify({ dir, disk });
  return { dir, kernelVersion: provisioned.kernelVersion };
}

/** The publisher's disk, verified, as large as guests see it. Returns `path`. */
async function stockDisk(
  { name, image: { source, diskGiB } }: BsdPlatform,
  path: string,
  { signal, onPhase, log, download }: SystemBuild,
): Promise<string> {
  const fetched = await fetchImage({
    ...{ name, source, signal, onPhase, log, how: download },
    mostBytes: diskGiB * GIB,
  });
  onPhase("disk");
  for (const command of diskCommands(fetched.path, fetched.format, path, diskGiB)) {
    await $`${command}`.signal(signal).what("make a disk of the publisher's");
  }
  return path;
}

/** Nobody has told what is in it. */
async function changedByHand(changed: Promise<void>): Promise<Provisioned> {
  await changed;
  return { kernelVersion: "set up by hand", packages: [] };
}
