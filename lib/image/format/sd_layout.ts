import { WorkError } from "../../base/errors.ts";

/** The root partition of a NixOS SD image, in bytes from the beginning of the disk. */
interface RootPartition {
  readonly start: number;
  readonly length: number;
}

const SECTOR_BYTES = 512;
/** The table of an MBR: four entries of 16 bytes, then 55 AA. */
const TABLE_AT = 446;
const ENTRY_BYTES = 16;
/** Types of partitions: FAT32 (CHS, LBA) and Linux. */
const FAT_TYPES = [0x0b, 0x0c];
const LINUX_TYPE = 0x83;
/** ext4's superblock: 1024 bytes into its partition; magic at 0x38, label of 16 bytes at 0x78. */
const SUPERBLOCK_AT = 1024;
const EXT4_MAGIC = 0xef53;
/** NixOS mounts its root by this label (`sdImage.rootVolumeLabel`). */
const ROOT_LABEL = "NIXOS_SD";

/**
 * Reads the layout of a NixOS SD image: an MBR with a FAT partition for firmware and an ext4 root
 * labelled `NIXOS_SD`. Throws {@link WorkError} with what is there instead.
 */
export async function readSdLayout(path: string): Promise<RootPartition> {
  using file = await Deno.open(path, { read: true });
  const { size } = await file.stat();
  const mbr = await readAt(file, 0, SECTOR_BYTES);
  if (mbr.getUint16(510) !== 0x55aa) throw unlike(path, "it has no partition table (MBR)");
  const entries = [0, 1, 2, 3].map((index) => readEntry(mbr, TABLE_AT + index * ENTRY_BYTES));
  const [firmware, root] = entries.filter(({ type }) => type !== 0);
  if (firmware === undefined || !FAT_TYPES.includes(firmware.type)) {
    throw unlike(path, `its first partition is not FAT (type ${typeText(firmware?.type)})`);
  }
  if (root?.type !== LINUX_TYPE) {
    throw unlike(path, `its second partition is not a Linux one (type ${typeText(root?.type)})`);
  }
  const { start, length } = root;
  if (start + length > size) {
    throw unlike(path, `it is cut off: it has ${size} bytes, its root ends at ${start + length}`);
  }
  const superblock = await readAt(file, start + SUPERBLOCK_AT, SECTOR_BYTES);
  if (superblock.getUint16(0x38, true) !== EXT4_MAGIC) throw unlike(path, "its root is no ext4");
  const label = labelOf(superblock);
  if (label !== ROOT_LABEL) {
    throw unlike(path, `its root is labelled "${label}", not "${ROOT_LABEL}"`);
  }
  return { start, length };
}

function readEntry(mbr: DataView, at: number) {
  return {
    type: mbr.getUint8(at + 4),
    start: mbr.getUint32(at + 8, true) * SECTOR_BYTES,
    length: mbr.getUint32(at + 12, true) * SECTOR_BYTES,
  };
}

function labelOf(superblock: DataView): string {
  const bytes = new Uint8Array(superblock.buffer, 0x78, 16);
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
}

/** Zeros where the file ends earlier. */
async function readAt(file: Deno.FsFile, at: number, length: number): Promise<DataView> {
  const bytes = new Uint8Array(length);
  await file.seek(at, Deno.SeekMode.Start);
  let have = 0;
  while (have < length) {
    const read = await file.read(bytes.subarray(have));
    if (read === null) break;
    have += read;
  }
  return new DataView(bytes.buffer);
}

function typeText(type: number | undefined): string {
  return type === undefined ? "none" : `0x${type.toString(16).padStart(2, "0")}`;
}

function unlike(path: string, fault: string): WorkError {
  return new WorkError(`Cannot use ${path} as a NixOS SD image: ${fault}`, {
    details: ["wanted: MBR, a FAT partition for firmware, an ext4 root labelled NIXOS_SD"],
    next: "deno task arm-dev-init --force, or correct the job in configs/nixos.ts",
  });
}
