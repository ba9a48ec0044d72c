// A disk image as publishers of clouds make them, but of Debian, and made here: GPT, an EFI system
// partition with GRUB, an ext4 root with a kernel and the real cloud-init package.
import { join } from "@std/path";
import { $ } from "../../lib/base/process/dollar.ts";
import { findProgram } from "../../lib/base/process/find_program.ts";
import { madeOnce } from "./made_once.ts";

/** What makes it, and what boots it. */
const PROGRAMS = [
  ...["grub-mkstandalone", "mcopy", "mformat", "mke2fs", "mmdebstrap", "qemu-img", "sfdisk"],
  ...["qemu-system-x86_64", "xorriso", "openssl"],
];

/** The programs of {@link PROGRAMS} that this host lacks. */
export const missingPrograms = (): string[] =>
  PROGRAMS.filter((program) => findProgram(program) === undefined);

const PACKAGES = [
  ...["linux-image-cloud-amd64", "systemd-sysv", "systemd-resolved", "udev", "kmod", "iproute2"],
  ...["cloud-init", "cloud-guest-utils", "e2fsprogs", "openssh-server", "sudo", "rsync", "perl"],
  ...["ca-certificates", "fdisk"],
];

const MIB = 2 ** 20;
const ESP_MIB = 16;
const ROOT_MIB = 1600;

/** What GRUB does at once: it looks for the root by its label, as those of publishers do. */
const GRUB = `
insmod part_gpt
insmod ext2
search --set=root --label cloudimg-rootfs
linux /vmlinuz root=LABEL=cloudimg-rootfs ro console=tty1 console=ttyS0 net.ifnames=0
initrd /initrd.img
boot
`;

/** In the root: what images for clouds come with. */
const SET_UP = `
set -eu
root=$1
printf 'LABEL=cloudimg-rootfs / ext4 defaults 0 1\\n' >"$root/etc/fstab"
printf 'datasource_list: [ NoCloud, None ]\\n' >"$root/etc/cloud/cloud.cfg.d/90_dpkg.cfg"
mkdir -p "$root/etc/systemd/network"
printf '[Match]\\nName=e*\\n[Network]\\nDHCP=ipv4\\n' >"$root/etc/systemd/network/90-dhcp.network"
chroot "$root" systemctl enable systemd-networkd systemd-resolved
rm -f "$root"/etc/ssh/ssh_host_*
: >"$root/etc/machine-id"
`;

/** The path of the image, a qcow2 file. Takes three minutes, once; nobody may change it. */
export async function cloudImage(): Promise<string> {
  const dir = await madeOnce("cloud-image", async (dir) => {
    await Deno.mkdir(dir);
    const at = (name: string) => join(dir, name);
    const [tree, hook, raw] = [at("root"), at("set-up.sh"), at("disk.raw")];
    await Deno.writeTextFile(hook, SET_UP);
    const command = [
      ...["mmdebstrap", "--quiet", "--variant=minbase", `--include=${PACKAGES.join(",")}`],
      ...[`--customize-hook=sh ${hook} "$1"`, "bookworm", tree],
    ];
    await $`${command}`.with({ env: { TMPDIR: dir } }).what("make a root with cloud-init");
    await Deno.writeTextFile(at("grub.cfg"), GRUB);
    const loader = at("BOOTX64.EFI");
    await $`grub-mkstandalone --format x86_64-efi --output ${loader} boot/grub/grub.cfg=${
      at("grub.cfg")
    }`;
    const esp = at("esp.raw");
    await Deno.writeFile(esp, new Uint8Array());
    await Deno.truncate(esp, ESP_MIB * MIB);
    await $`mformat -i ${esp} ${"::"}`;
    await $`mmd -i ${esp} ${"::/EFI"} ${"::/EFI/BOOT"}`;
    await $`mcopy -i ${esp} ${loader} ${"::/EFI/BOOT/BOOTX64.EFI"}`;
    const ext4 = at("root.raw");
    await $`mke2fs -q -t ext4 -d ${tree} -L cloudimg-rootfs ${ext4} ${ROOT_MIB}M`;
    await Deno.writeFile(raw, new Uint8Array());
    await Deno.truncate(raw, (ESP_MIB + ROOT_MIB + 2) * MIB);
    const table = [
      "label: gpt",
      `start=1MiB, size=${ESP_MIB}MiB, type=U`,
      `start=${ESP_MIB + 1}MiB, size=${ROOT_MIB}MiB, type=L`,
    ];
    await $`sfdisk --quiet ${raw}`.with({ stdin: `${table.join("\n")}\n` });
    for (const [part, seek] of [[esp, 1], [ext4, ESP_MIB + 1]] as const) {
      await $`dd if=${part} of=${raw} bs=1M seek=${seek} conv=notrunc,sparse status=none`;
    }
    await $`qemu-img convert -f raw -O qcow2 ${raw} ${at("disk.img")}`;
    await $`rm -rf ${tree} ${esp} ${ext4} ${raw}`;
  });
  return join(dir, "disk.img");
}
