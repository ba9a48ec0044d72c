// A disk image as publishers of clouds make them, but of Debian, and made here: GPT, an EFI system
// partition with GRUB, an ext4 root with a kernel and the real cloud-init package.
import { join } from "@std/path";
import { $ } from "../../lib/base/process/dollar.ts";
import { findProgram } from "../../lib/base/process/find_program.ts";
import { findFirmware } from "../../lib/host/firmware.ts";
import { madeOnce } from "./made_once.ts";

/** What makes it, and what boots it. */
const PROGRAMS = [
  ...["grub-mkstandalone", "mcopy", "mformat", "mke2fs", "mmdebstrap", "qemu-img", "sfdisk"],
  ...["dpkg-deb", "qemu-system-x86_64", "xorriso", "openssl"],
];

/** What this host lacks of {@link PROGRAMS} and firmware. */
export async function missingHere(): Promise<string[]> {
  const firmware = await findFirmware("x86_64");
  return [
    ...PROGRAMS.filter((program) => findProgram(program) === undefined),
    ...firmware?.vars === undefined ? ["UEFI firmware"] : [],
  ];
}

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
# Its one mirror is a test's, on the host.
rm -f "$root"/etc/apt/sources.list.d/*
printf 'deb [trusted=yes] http://10.0.2.2:%s/ ./\n' "$2" >"$root/etc/apt/sources.list"
printf 'apt_preserve_sources_list: true\n' >"$root/etc/cloud/cloud.cfg.d/91_sources.cfg"
rm -f "$root"/etc/ssh/ssh_host_*
: >"$root/etc/machine-id"
`;

/** A package that {@link startMirror} has, and the image has not. */
export const PACKAGE = "guesthouse-probe";

/** An image, and the port of the host at which its guests look for packages. */
interface CloudImage {
  /** A qcow2 file. */
  readonly path: string;
  readonly mirrorPort: number;
}

/** The image. Takes three minutes, once; nobody may change it. */
export async function cloudImage(): Promise<CloudImage> {
  const dir = await madeOnce("cloud-image", async (dir) => {
    await Deno.mkdir(dir);
    const at = (name: string) => join(dir, name);
    const [tree, hook, raw] = [at("root"), at("set-up.sh"), at("disk.raw")];
    await Deno.writeTextFile(hook, SET_UP);
    const port = freePort();
    await Deno.writeTextFile(at("port"), `${port}`);
    const command = [
      ...["mmdebstrap", "--quiet", "--variant=minbase", `--include=${PACKAGES.join(",")}`],
      ...[`--customize-hook=sh ${hook} "$1" ${port}`, "bookworm", tree],
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
  const mirrorPort = Number(await Deno.readTextFile(join(dir, "port")));
  return { path: join(dir, "disk.img"), mirrorPort };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Serves {@link PACKAGE} to guests of the image, as a flat repository; disposal ends it. */
export async function startMirror(
  dir: string,
  { mirrorPort }: Pick<CloudImage, "mirrorPort">,
): Promise<AsyncDisposable> {
  const tree = join(dir, "package");
  await Deno.mkdir(join(tree, "DEBIAN"), { recursive: true });
  const fields = [
    ...[`Package: ${PACKAGE}`, "Version: 1", "Architecture: all", "Maintainer: a test <a@b.test>"],
    "Description: shows that packages are installed",
  ];
  await Deno.writeTextFile(join(tree, "DEBIAN/control"), `${fields.join("\n")}\n`);
  const deb = join(dir, "probe.deb");
  await $`dpkg-deb --root-owner-group --build ${tree} ${deb}`;
  const content = await Deno.readFile(deb);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
  const listed = [
    ...[...fields, "Filename: ./probe.deb", `Size: ${content.length}`, `SHA256: ${digest}`, ""],
  ].join("\n");
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: mirrorPort, onListen: () => {} },
    (request) => {
      const path = new URL(request.url).pathname;
      if (path.endsWith("/Packages")) return new Response(listed);
      return path.endsWith("/probe.deb")
        ? new Response(content)
        : new Response("no", { status: 404 });
    },
  );
  return { [Symbol.asyncDispose]: () => server.shutdown() };
}
