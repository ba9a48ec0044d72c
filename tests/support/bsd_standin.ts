// What stands in for the disks of FreeBSD and NetBSD, which only their publishers have: a Debian root
// with their login on the serial console and with programs of the same names.
import { join } from "@std/path";
import { IMAGE_FILES, root } from "../../lib/base/files/paths.ts";
import { $ } from "../../lib/base/process/dollar.ts";
import type { Platform } from "../../lib/config/platform.ts";
import type { Image } from "../../lib/image/platform/platform_image.ts";
import { kernelArgs } from "../../lib/qemu/args.ts";
import { madeOnce } from "./made_once.ts";
import { dumpTree } from "./nixos_standin.ts";

const scripts = join(root, "tests/bsd");
const ROOT_MIB = 1024;

/** The disk of the stand-in, made from the image of a Debian platform. */
export async function bsdStandIn({ disk: debian }: Pick<Image, "disk">): Promise<string> {
  const dir = await madeOnce("bsd-stand-in", async (dir) => {
    await Deno.mkdir(dir);
    await using tree = await dumpTree(debian, dir);
    const setup = ["sh", join(scripts, "setup_root.sh"), tree.path, scripts];
    await $`${tree.inside(setup)}`.what("set up the stand-in's root");
    const raw = join(dir, "root.ext4");
    const mke2fs = ["mke2fs", "-q", "-t", "ext4", "-d", tree.path, "-m", "0"];
    await $`${tree.inside(mke2fs)} ${raw} ${ROOT_MIB}M`.what("make the stand-in's root");
    await $`qemu-img convert -f raw -O qcow2 ${raw} ${join(dir, IMAGE_FILES.disk)}`
      .what("make the stand-in's disk");
    await Deno.remove(raw);
  });
  return join(dir, IMAGE_FILES.disk);
}

/** Boots the stand-in by the kernel of the Debian platform; `words` choose what it does. */
export const bootStandIn = (
  platform: Pick<Platform, "append">,
  { kernel, initramfs }: { readonly kernel: string; readonly initramfs: string },
  words: readonly string[],
): string[] => kernelArgs({ kernel, initramfs, append: [platform.append ?? "", ...words] });
