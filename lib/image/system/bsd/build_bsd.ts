import { join } from "@std/path";
import { IMAGE_FILES } from "../../../base/files/paths.ts";
import { denoTaskText } from "../../../base/process/deno_task.ts";
import { $ } from "../../../base/process/dollar.ts";
import { fetchImage } from "../../disk/fetch_image.ts";
import type { SystemBuild } from "../guest_system.ts";
import type { BsdPlatform, BsdTraits } from "./bsd_system.ts";
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
  const { signal, onPhase, log, guests } = options;
  if (guests === undefined) throw new TypeError(`${platform.name} needs a guest to be built in`);
  const { name, ssh: { user }, image: { source, diskGiB, firmware, packages } } = platform;
  const fetched = await fetchImage({
    ...{ name, source, signal, onPhase, log, how: options.download },
    mostBytes: diskGiB * GIB,
  });
  const dir = await options.makeDir();
  onPhase("disk");
  const stock = join(dir, STOCK);
  const disk = join(dir, IMAGE_FILES.disk);
  await $`qemu-img convert -f ${fetched.format} -O qcow2 ${fetched.path} ${stock}`.signal(signal)
    .what("convert the publisher's disk");
  await $`qemu-img resize -q -f qcow2 ${stock} ${diskGiB}G`.signal(signal).what("grow the disk");
  const disks = { from: stock, to: disk };
  const provisioned = guests.byHand === undefined
    ? await guests.changeAtConsole(
      disks,
      async (console): Promise<Provisioned> =>
        await provisionBsd({
          ...{ script: traits.script, user, packages },
          loader: firmware === "bios" ? traits.loader : undefined,
        }, { ...console, onStep: onPhase, next: denoTaskText("setup-images", [name]) }),
    )
    : await changedByHand(guests.byHand(disks));
  await Deno.remove(stock);
  const list = provisioned.packages.map((line) => `${line}\n`).join("");
  await Deno.writeTextFile(join(dir, IMAGE_FILES.packages), list);
  onPhase("verify");
  await guests.verify({ dir, disk });
  return { dir, kernelVersion: provisioned.kernelVersion };
}

/** Nobody has told what is in it. */
async function changedByHand(changed: Promise<void>): Promise<Provisioned> {
  await changed;
  return { kernelVersion: "set up by hand", packages: [] };
}
