import { assertEquals, assertRejects } from "@std/assert";
import { WorkError } from "../../base/errors.ts";
import { readSdLayout } from "./sd_layout.ts";

const MIB = 1024 * 1024;
const ROOT_AT = 2 * MIB;

/** A disk of the right layout, without content; what is given differs. */
interface Disk {
  readonly signature?: number;
  readonly types?: readonly number[];
  readonly magic?: number;
  readonly label?: string;
  readonly bytes?: number;
}

async function writeDisk(disk: Disk): Promise<string> {
  const { signature = 0x55aa, types = [0x0b, 0x83], magic = 0xef53, label = "NIXOS_SD" } = disk;
  const view = new DataView(new ArrayBuffer(4 * MIB));
  view.setUint16(510, signature);
  types.forEach((type, index) => {
    const at = 446 + 16 * index;
    view.setUint8(at + 4, type);
    view.setUint32(at + 8, (index === 0 ? MIB : ROOT_AT) / 512, true);
    view.setUint32(at + 12, (index === 0 ? MIB : 2 * MIB) / 512, true);
  });
  view.setUint16(ROOT_AT + 1024 + 0x38, magic, true);
  new Uint8Array(view.buffer).set(new TextEncoder().encode(label), ROOT_AT + 1024 + 0x78);
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(view.buffer, 0, disk.bytes ?? 4 * MIB));
  return path;
}

Deno.test("readSdLayout() finds the root of a NixOS SD image", async () => {
  const path = await writeDisk({});
  assertEquals(await readSdLayout(path), { start: ROOT_AT, length: 2 * MIB });
  await Deno.remove(path);
});

const FAULTS: readonly [disk: Disk, fault: string][] = [
  [{ signature: 0 }, "it has no partition table (MBR)"],
  [{ bytes: 0 }, "it has no partition table (MBR)"],
  [{ types: [] }, "its first partition is not FAT (type none)"],
  [{ types: [0xee] }, "its first partition is not FAT (type 0xee)"],
  [{ types: [0x0c] }, "its second partition is not a Linux one (type none)"],
  [{ types: [0x0b, 0x0b] }, "its second partition is not a Linux one (type 0x0b)"],
  [{ bytes: 3 * MIB }, "it is cut off: it has 3145728 bytes, its root ends at 4194304"],
  [{ magic: 0 }, "its root is no ext4"],
  [{ label: "rootfs" }, 'its root is labelled "rootfs", not "NIXOS_SD"'],
];

for (const [disk, fault] of FAULTS) {
  Deno.test(`readSdLayout() refuses a disk of which ${fault}`, async () => {
    const path = await writeDisk(disk);
    await assertRejects(() => readSdLayout(path), WorkError, fault);
    await Deno.remove(path);
  });
}
