// What stands in for NixOS's SD image, which only the build farm has: a Debian root in the same
// layout, with u-boot's menu, a console login, and programs of the same names as NixOS's.
import { join } from "@std/path";
import { createReadStream } from "node:fs";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { sha256File } from "../../lib/base/files/file_digest.ts";
import { IMAGE_FILES, imagesDir, root } from "../../lib/base/files/paths.ts";
import { $ } from "../../lib/base/process/dollar.ts";
import { asOwner, removeTree } from "../../lib/base/process/remove_tree.ts";
import type { RootTree } from "../../lib/image/disk/file_systems.ts";

const MIB = 1024 * 1024;
const SECTOR = 512;
/** As in NixOS's: a gap, 30 MiB of FAT for firmware, then the root. */
const FIRMWARE_AT = 8 * MIB;
const FIRMWARE_BYTES = 30 * MIB;
const ROOT_AT = FIRMWARE_AT + FIRMWARE_BYTES;
const ROOT_BYTES = 900 * MIB;

const scripts = join(root, "tests/nixos");

/** Writes the packed image into the directory, and returns its path. */
export async function makeStandIn(dir: string): Promise<string> {
  const raw = join(dir, "nixos-standin.img");
  const ext4 = join(dir, "root.ext4");
  const debian = join(imagesDir(), "debian-arm64");
  await using tree = await dumpTree(join(debian, IMAGE_FILES.disk), dir);
  const setup = ["sh", join(scripts, "setup_root.sh"), tree.path, join(scripts, "nixos-rebuild")];
  await $`${tree.inside(setup)}`.what("set up the stand-in's root");
  const boot = join(tree.path, "boot/nixos");
  const parts = join(dir, "boot");
  await Deno.mkdir(parts);
  await Deno.copyFile(join(debian, IMAGE_FILES.kernel), join(parts, "standin-Image"));
  // Its init takes the words of the menu that setup_root.sh writes.
  await Deno.copyFile(join(debian, IMAGE_FILES.initramfs), join(parts, "standin-initrd"));
  const copied = ["cp", join(parts, "standin-Image"), join(parts, "standin-initrd"), boot];
  await $`${tree.inside(copied)}`.what("copy the stand-in's kernel");
  const mke2fs = ["mke2fs", "-q", "-t", "ext4", "-d", tree.path, "-L", "NIXOS_SD", "-m", "0"];
  await $`${tree.inside(mke2fs)} ${ext4} ${ROOT_BYTES / MIB}M`.what("make the stand-in's root");
  const fat = join(dir, "firmware.fat");
  await truncate(fat, FIRMWARE_BYTES);
  await $`mkfs.vfat -n FIRMWARE ${fat}`.what("make the firmware partition");
  await truncate(raw, ROOT_AT + ROOT_BYTES);
  await writeTable(raw);
  for (const [part, at] of [[fat, FIRMWARE_AT], [ext4, ROOT_AT]] as const) {
    await $`dd if=${part} of=${raw} conv=notrunc,sparse bs=1M seek=${at / MIB}`
      .what("assemble the disk");
    await Deno.remove(part);
  }
  const packed = `${raw}.zst`;
  await pipeline(
    createReadStream(raw, { highWaterMark: MIB }),
    createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
    createWriteStream(packed),
  );
  await Deno.remove(raw);
  await Deno.remove(parts, { recursive: true });
  return packed;
}

/**
 * The files of an image's disk, whose packages are configured wherever the host could do that; only
 * the set-id and sticky bits are lost.
 */
export async function dumpTree(disk: string, dir: string): Promise<RootTree> {
  const raw = join(dir, "debian.raw");
  const path = join(dir, "root");
  await Deno.mkdir(path);
  const tree = { path, inside: asOwner, [Symbol.asyncDispose]: () => removeTree(path) };
  await $`qemu-img convert -O raw ${disk} ${raw}`.what("unpack the disk");
  const dump = ["/usr/sbin/debugfs", "-R", `rdump / "${path}"`, raw];
  await $`${tree.inside(dump)}`.what("unpack the image's root");
  await Deno.remove(raw);
  return tree;
}

async function truncate(path: string, bytes: number): Promise<void> {
  using created = await Deno.open(path, { write: true, create: true });
  await created.truncate(bytes);
}

async function writeTable(path: string): Promise<void> {
  const table = new DataView(new ArrayBuffer(SECTOR));
  const entries = [
    { type: 0x0b, at: FIRMWARE_AT, bytes: FIRMWARE_BYTES, bootable: false },
    { type: 0x83, at: ROOT_AT, bytes: ROOT_BYTES, bootable: true },
  ];
  entries.forEach(({ type, at, bytes, bootable }, index) => {
    const entry = 446 + 16 * index;
    table.setUint8(entry, bootable ? 0x80 : 0);
    table.setUint8(entry + 4, type);
    table.setUint32(entry + 8, at / SECTOR, true);
    table.setUint32(entry + 12, bytes / SECTOR, true);
  });
  table.setUint16(510, 0x55aa);
  using disk = await Deno.open(path, { write: true });
  await disk.write(new Uint8Array(table.buffer));
}

/** A server that answers as the build farm does, with one build of one file. */
export interface StandInFarm extends AsyncDisposable {
  readonly url: string;
  /** How many bytes of the file it has sent. */
  readonly sent: () => number;
}

/** Serves the image as the newest build of the job. */
export async function serveFarm(job: string, path: string): Promise<StandInFarm> {
  const sha256 = await sha256File(path);
  const { size } = await Deno.stat(path);
  let sent = 0;
  const product = {
    name: "nixos-standin.img.zst",
    subtype: "sd-image",
    filesize: size,
    sha256hash: sha256,
  };
  const answer = async (request: Request) => {
    const { pathname, origin } = new URL(request.url);
    if (pathname === `/job/${job}/latest`) return Response.redirect(`${origin}/build/7`);
    if (pathname === "/build/7") return Response.json({ id: 7, buildproducts: { "1": product } });
    if (pathname !== `/build/7/download/1/${product.name}`) {
      return new Response("none", { status: 404 });
    }
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    const opened = await Deno.open(path, { read: true });
    await opened.seek(start, Deno.SeekMode.Start);
    const counted = opened.readable.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          sent += chunk.length;
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(counted, { status: start > 0 ? 206 : 200 });
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    sent: () => sent,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
