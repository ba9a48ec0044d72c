import { WorkError } from "../../base/errors.ts";
import type { ImageSource } from "../../config/image_source.ts";
import { bytesText } from "../../base/text/bytes.ts";
import { parseQcow2Header, QCOW2_HEADER_BYTES } from "../../qemu/qcow2_header.ts";

/**
 * Makes sure that a file from outside is a disk image that stands alone and fits. A qcow2 file can
 * name other files of this host, which QEMU would open. Throws {@link WorkError}.
 */
export async function checkDiskHeader(
  path: string,
  { format, url }: Pick<ImageSource, "format" | "url">,
  mostBytes: number,
): Promise<void> {
  const fault = format === "qcow2"
    ? await qcow2Fault(path, mostBytes)
    : (await Deno.stat(path)).size % 512 === 0
    ? undefined
    : "is no whole number of sectors";
  if (fault === undefined) return;
  throw new WorkError(`Cannot use ${url}: the disk image ${fault}`, {
    details: [`format: ${format}`],
    next: "look at the source in configs/platforms: its format, and the size of the disk",
  });
}

async function qcow2Fault(path: string, mostBytes: number): Promise<string | undefined> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(QCOW2_HEADER_BYTES);
  const length = await file.read(bytes) ?? 0;
  try {
    const { hasBackingFile, hasDataFile, markedCorrupt, diskBytes, tablesEnd } = parseQcow2Header(
      bytes.subarray(0, length),
    );
    if (hasBackingFile || hasDataFile) return "needs another file, which it names";
    if (markedCorrupt) return "is marked as corrupt";
    if (tablesEnd > (await file.stat()).size) return "is cut off";
    return diskBytes > mostBytes
      ? `is of ${bytesText(diskBytes)}, more than the guest's disk of ${bytesText(mostBytes)}`
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}
