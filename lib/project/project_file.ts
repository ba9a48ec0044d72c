import { join } from "@std/path";

/** No text file of a project that guesthouse reads is larger: `guesthouse.json`, `.gitignore`. */
export const MOST_TEXT_BYTES = 1 << 20;

/** Why a file is not read, as a phrase about it: `it is larger than 1048576 bytes`. */
export class FileRefused extends Error {
  override name = "FileRefused";
}

/** Reads an untrusted file, following links inside `root` only. Throws {@link FileRefused}. */
export async function readInside(
  root: string,
  path: string,
  mostBytes: number = MOST_TEXT_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const full = join(root, path);
  const { isSymlink } = await Deno.lstat(full);
  const real = await Deno.realPath(full).catch((error) => {
    if (isSymlink && error instanceof Deno.errors.NotFound) {
      throw new FileRefused("it is a link to a file that does not exist");
    }
    throw error;
  });
  if (!real.startsWith(join(await Deno.realPath(root), "/"))) {
    throw new FileRefused("it is a link that leads out of the project");
  }
  return await readRegular(real, mostBytes);
}

/** Reads a regular file of a limited size without waiting. Throws {@link FileRefused}. */
export async function readRegular(
  path: string,
  mostBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const expected = await Deno.stat(path);
  if (expected.isDirectory) throw new FileRefused("it is a directory");
  if (!expected.isFile) throw new FileRefused("it is not a regular file");
  using file = await Deno.open(path, { read: true });
  const { dev, ino, size } = await file.stat();
  // A guest that shares the project can exchange files at any time.
  if (dev !== expected.dev || ino !== expected.ino) {
    throw new FileRefused("it was replaced while it was opened");
  }
  const tooLarge = () => new FileRefused(`it is larger than ${mostBytes} bytes`);
  if (size > mostBytes) throw tooLarge();
  // One byte more shows the end, or that the file has grown.
  const bytes = new Uint8Array(size + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  if (length > size) throw new FileRefused("it grew while it was read");
  return bytes.subarray(0, length);
}
