import { HostError } from "../base/errors.ts";
import { parseQcow2Header, QCOW2_HEADER_BYTES, type Qcow2Header } from "./qcow2_header.ts";

interface ImageCheckOptions {
  /** The platform, for the message and the command that builds the image again. */
  readonly name: string;
}

/** Checks that an image exists, with a valid header and whole tables. Throws {@link HostError}. */
export async function checkImage(path: string, options: ImageCheckOptions): Promise<Qcow2Header> {
  const found = await readHeader(path, options);
  const header = parseHeader(found.bytes, path, options);
  if (header.markedCorrupt) throw damaged(path, options, "is marked as corrupt by QEMU");
  if (header.tablesEnd > found.fileBytes) {
    throw damaged(
      path,
      options,
      `is cut off: it has ${found.fileBytes} bytes, but its tables reach to ${header.tablesEnd}`,
    );
  }
  return header;
}

async function readHeader(path: string, options: ImageCheckOptions) {
  try {
    using file = await Deno.open(path, { read: true });
    const info = await file.stat();
    if (!info.isFile) throw damaged(path, options, "is no regular file");
    const bytes = new Uint8Array(QCOW2_HEADER_BYTES);
    const length = await file.read(bytes) ?? 0;
    return { bytes: bytes.subarray(0, length), fileBytes: info.size };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new HostError(`Cannot use the image of "${options.name}": it does not exist`, {
        details: [`image: ${path}`],
        next: `deno task setup-images ${options.name}`,
        cause: error,
      });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new HostError(`Cannot use the image of "${options.name}": it is not readable`, {
        details: [`image: ${path}`],
        next: `ls -l ${path}`,
        cause: error,
      });
    }
    throw error;
  }
}

function parseHeader(bytes: Uint8Array, path: string, options: ImageCheckOptions): Qcow2Header {
  try {
    return parseQcow2Header(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged(path, options, error.message);
    throw error;
  }
}

function damaged(
  path: string,
  options: ImageCheckOptions,
  fault: string,
  details: readonly string[] = [],
): HostError {
  return new HostError(`Cannot use the image of "${options.name}": the file ${fault}`, {
    details: [`image: ${path}`, ...details],
    next: `deno task setup-images ${options.name} --force`,
  });
}
