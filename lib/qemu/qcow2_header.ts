/** The fields of a qcow2 header that we read. Sizes and offsets are bytes. */
export interface Qcow2Header {
  readonly version: 2 | 3;
  /** Size of the disk that the guest sees. */
  readonly diskBytes: number;
  readonly clusterBytes: number;
  readonly hasBackingFile: boolean;
  /** Its data are in another file. */
  readonly hasDataFile: boolean;
  /** QEMU found the image's tables damaged while it was in use. */
  readonly markedCorrupt: boolean;
  /** The end of the tables that every reader needs. A shorter file is truncated. */
  readonly tablesEnd: number;
}

/** The longest part of the header that {@link parseQcow2Header} reads. */
export const QCOW2_HEADER_BYTES = 104;

/** Size of a version 2 header; version 3 has at least {@link QCOW2_HEADER_BYTES}. */
const VERSION_2_BYTES = 72;
/** "QFI\xfb" */
const MAGIC = 0x514649fb;

/** Reads a qcow2 header. Throws a `SyntaxError` whose message completes "the file …". */
export function parseQcow2Header(bytes: Uint8Array): Qcow2Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint32(0) !== MAGIC) {
    throw new SyntaxError("is not in qcow2 format");
  }
  if (bytes.length < VERSION_2_BYTES) {
    throw new SyntaxError(`is cut off after ${bytes.length} bytes, within its header`);
  }
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) {
    throw new SyntaxError(`has qcow2 version ${version}, where 2 and 3 are known`);
  }
  if (version === 3 && bytes.length < QCOW2_HEADER_BYTES) {
    throw new SyntaxError(`is cut off after ${bytes.length} bytes, within its header`);
  }
  const clusterBits = view.getUint32(20);
  // The range that QEMU accepts: 512 bytes to 2 MiB.
  if (clusterBits < 9 || clusterBits > 21) {
    throw new SyntaxError(`has clusters of 2^${clusterBits} bytes, where 2^9 to 2^21 are allowed`);
  }
  const clusterBytes = 2 ** clusterBits;
  const l1End = Number(view.getBigUint64(40)) + view.getUint32(36) * 8;
  const refcountEnd = Number(view.getBigUint64(48)) + view.getUint32(56) * clusterBytes;
  const incompatibleFeatures = version === 3 ? view.getBigUint64(72) : 0n;
  return {
    version,
    diskBytes: Number(view.getBigUint64(24)),
    clusterBytes,
    hasBackingFile: view.getBigUint64(8) !== 0n,
    hasDataFile: (incompatibleFeatures & 4n) !== 0n,
    markedCorrupt: (incompatibleFeatures & 2n) !== 0n,
    tablesEnd: Math.max(l1End, refcountEnd),
  };
}
