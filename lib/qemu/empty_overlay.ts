/** Sizes of the parts of {@link emptyOverlay}, in bytes. */
const CLUSTER_BITS = 16;
const CLUSTER_BYTES = 2 ** CLUSTER_BITS;
const HEADER_BYTES = 104;
/** Each entry of the L1 table stands for a table of 8192 clusters. */
const L1_COVERS_BYTES = CLUSTER_BYTES * (CLUSTER_BYTES / 8);
/** A header extension that names the backing file's format. */
const BACKING_FORMAT = 0xe2792aca;
/** The longest name of a backing file that QEMU accepts. */
const LONGEST_NAME = 1023;

/** Clusters in order: header, refcount table, refcount block, L1 table. */
const REFCOUNT_TABLE = 1;
const REFCOUNT_BLOCK = 2;
const L1_TABLE = 3;

/**
 * A qcow2 file (version 3, QEMU's `docs/interop/qcow2.txt`) with only a backing file, also qcow2,
 * as by `qemu-img create -b`, which takes longer than the rest before a launch. Throws
 * `RangeError`.
 */
export function emptyOverlay(backing: string, diskBytes: number): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(backing);
  if (name.length > LONGEST_NAME) {
    throw new RangeError(`the path of the backing file is longer than ${LONGEST_NAME} bytes`);
  }
  const l1Entries = Math.ceil(diskBytes / L1_COVERS_BYTES);
  const l1Clusters = Math.max(1, Math.ceil(l1Entries * 8 / CLUSTER_BYTES));
  const clusters = L1_TABLE + l1Clusters;
  // One refcount block counts this many clusters, far more than any of our disks has.
  if (clusters > CLUSTER_BYTES / 2) {
    throw new RangeError(`a disk of ${diskBytes} bytes is too long`);
  }
  const bytes = new Uint8Array(clusters * CLUSTER_BYTES);
  const view = new DataView(bytes.buffer);
  const format = new TextEncoder().encode("qcow2");
  const nameAt = HEADER_BYTES + 8 + Math.ceil(format.length / 8) * 8 + 8;
  const at = (cluster: number) => BigInt(cluster * CLUSTER_BYTES);
  bytes.set([0x51, 0x46, 0x49, 0xfb]); // "QFI\xfb"
  view.setUint32(4, 3);
  view.setBigUint64(8, BigInt(nameAt));
  view.setUint32(16, name.length);
  view.setUint32(20, CLUSTER_BITS);
  view.setBigUint64(24, BigInt(diskBytes));
  view.setUint32(36, l1Entries);
  view.setBigUint64(40, at(L1_TABLE));
  view.setBigUint64(48, at(REFCOUNT_TABLE));
  view.setUint32(56, 1);
  // 2^4 bits for each refcount.
  view.setUint32(96, 4);
  view.setUint32(100, HEADER_BYTES);
  view.setUint32(HEADER_BYTES, BACKING_FORMAT);
  view.setUint32(HEADER_BYTES + 4, format.length);
  bytes.set(format, HEADER_BYTES + 8);
  bytes.set(name, nameAt);
  view.setBigUint64(REFCOUNT_TABLE * CLUSTER_BYTES, at(REFCOUNT_BLOCK));
  for (let cluster = 0; cluster < clusters; cluster++) {
    view.setUint16(REFCOUNT_BLOCK * CLUSTER_BYTES + cluster * 2, 1);
  }
  return bytes;
}
