/** Where the superblock is, and its fields: "The Super Block" of the kernel's ext4 documentation. */
const SUPERBLOCK = 1024;
const MAGIC = { at: 0x38, value: 0xef53 } as const;
const STATE = { at: 0x3a, clean: 1 } as const;
const INCOMPATIBLE = { at: 0x60, recover: 4 } as const;
const BYTES = 0x64;

/**
 * Why a disk cannot be mounted; `undefined` for an ext4 file system that was unmounted cleanly.
 * Looks at three numbers only: no host program may interpret what a guest wrote.
 */
export async function ext4Fault(path: string): Promise<string | undefined> {
  const bytes = new Uint8Array(BYTES);
  using file = await Deno.open(path, { read: true });
  await file.seek(SUPERBLOCK, Deno.SeekMode.Start);
  for (let done = 0; done < BYTES;) {
    const count = await file.read(bytes.subarray(done));
    if (count === null) break;
    done += count;
  }
  const view = new DataView(bytes.buffer);
  if (view.getUint16(MAGIC.at, true) !== MAGIC.value) return "its disk holds no file system";
  // Any other bit says that the kernel has met a fault, or has files left to remove.
  if (view.getUint16(STATE.at, true) !== STATE.clean) return "its file system has faults";
  const needsRecovery = (view.getUint32(INCOMPATIBLE.at, true) & INCOMPATIBLE.recover) !== 0;
  return needsRecovery ? "its file system was not unmounted" : undefined;
}
