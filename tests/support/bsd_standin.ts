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

/** Of Debian's package grub-pc-bin: the boot loader of disks that a BIOS boots. */
export const GRUB_DIR = "/usr/lib/grub/i386-pc";

/** The disk of the stand-in, made from the image of a Debian platform; a kernel of QEMU's boots it. */
export async function bsdStandIn(debian: Pick<Image, "disk" | "boot">): Promise<string> {
  const dir = await madeOnce("bsd-stand-in", async (dir) => {
    await Deno.mkdir(dir);
    await makeRoot(debian, dir);
    const raw = join(dir, ROOT_FILE);
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

/** A disk of the stand-in that a BIOS boots, with these words for its kernel: a raw file. */
export async function bsdBiosDisk(
  debian: Pick<Image, "disk" | "boot">,
  { append }: Pick<Platform, "append">,
  words: readonly string[],
): Promise<string> {
  const name = ["bsd-bios", ...words].join("-").replaceAll("=", "-");
  const dir = await madeOnce(name, async (dir) => {
    await Deno.mkdir(dir);
    await makeRoot(debian, dir, grubConfig([append ?? "", ...words]));
    const disk = join(dir, "disk.raw");
    await Deno.writeFile(disk, new Uint8Array());
    await Deno.truncate(disk, (ROOT_MIB + 1) * 2 ** 20);
    await $`sfdisk --quiet ${disk}`.with({ stdin: "label: dos\nstart=1MiB, type=83, bootable\n" });
    const core = join(dir, "core.img");
    const modules = ["biosdisk", "part_msdos", "ext2", "linux", "normal"];
    await $`grub-mkimage -O i386-pc -d ${GRUB_DIR} -p ${"(hd0,msdos1)/boot"} -o ${core} ${modules}`;
    // The first 440 bytes: after them comes the table of partitions. The rest lies before the first.
    const place = ["conv=notrunc", "status=none"];
    await $`dd if=${join(GRUB_DIR, "boot.img")} of=${disk} bs=440 count=1 ${place}`;
    await $`dd if=${core} of=${disk} bs=512 seek=1 ${place}`;
    await $`dd if=${join(dir, ROOT_FILE)} of=${disk} bs=1M seek=1 conv=notrunc,sparse status=none`;
    await Deno.remove(join(dir, ROOT_FILE));
  });
  return join(dir, "disk.raw");
}

/** What boots the kernel. */
const grubConfig = (words: readonly string[]) => `
linux /boot/vmlinuz ${words.join(" ")} guesthouse.root=/dev/vda1
initrd /boot/initramfs
boot
`;

/** The name of the root's file system, beside what is made of it. */
const ROOT_FILE = "root.ext4";

/** Makes {@link ROOT_FILE}; with a configuration of GRUB it has a kernel, too. */
async function makeRoot(
  { disk, boot }: Pick<Image, "disk" | "boot">,
  dir: string,
  grub?: string,
): Promise<void> {
  await using tree = await dumpTree(disk, dir);
  const setup = ["sh", join(scripts, "setup_root.sh"), tree.path, scripts];
  await $`${tree.inside(setup)}`.what("set up the stand-in's root");
  if (grub !== undefined && boot !== undefined) {
    const config = join(dir, "grub.cfg");
    await Deno.writeTextFile(config, grub);
    for (
      const [from, to] of [
        [boot.kernel, "vmlinuz"],
        [boot.initramfs, "initramfs"],
        [config, "grub.cfg"],
      ] as const
    ) {
      await $`${tree.inside(["cp", "-L", from, join(tree.path, "boot", to)])}`;
    }
  }
  const mke2fs = ["mke2fs", "-q", "-t", "ext4", "-d", tree.path, "-m", "0"];
  await $`${tree.inside(mke2fs)} ${join(dir, ROOT_FILE)} ${ROOT_MIB}M`
    .what("make the stand-in's root");
}
