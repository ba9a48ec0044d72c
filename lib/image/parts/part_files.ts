import { join } from "@std/path";
import { atomicWrite } from "../../cache/atomic_write.ts";
import { sha256File } from "../../cache/file_digest.ts";
import { isLocked } from "../../host/lock.ts";
import { imagesDir } from "../../host/paths.ts";
import { isRecord } from "../../host/verdict_cache.ts";
import { firstFileOf } from "./part_names.ts";
import { partLock } from "./unfinished.ts";

/** One of a part's files as it was when it was made. */
export interface FileRecord {
  readonly sha256: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Tells a file that was put in its place with its time; some file systems have none. */
  readonly inode?: number;
}

/** Where a part's file lies. */
export const partPath = (file: string): string => join(imagesDir(), file);

const recordPath = (file: string) => `${partPath(file)}.json`;

/** How long a file and its record may disagree: the time between two renames, on a busy disk. */
const PUBLISH_MS = 3_000;
/** Time between two looks at such a file. */
const RETRY_MS = 50;

/**
 * The SHA-256 of a part's file; `undefined` unless it is as it was made. It is not read again as long
 * as its size, time and inode are the same; a copy is read once, and then known by its own. While
 * somebody builds the part, a file that seems to be changed may just be taking its place, so for
 * some seconds it is looked at again.
 */
export async function partDigest(file: string): Promise<string | undefined> {
  const deadline = performance.now() + PUBLISH_MS;
  let digest = await digestNow(file);
  for (let held = true; digest === undefined && held && performance.now() < deadline;) {
    // Before the look: whoever has let go of the lock has put everything in its place.
    held = await isLocked(partLock(firstFileOf(file)));
    if (held) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    digest = await digestNow(file);
  }
  return digest;
}

/** As {@link partDigest}, but at once: for the holder of the part's lock, who waits for nobody. */
export async function digestNow(file: string): Promise<string | undefined> {
  const record = await readRecord(file);
  const info = await Deno.stat(partPath(file)).catch(() => undefined);
  if (record === undefined || info === undefined || info.size !== record.bytes) return undefined;
  const isSame = info.mtime?.getTime() === record.mtimeMs &&
    (record.inode === undefined || record.inode === info.ino);
  if (isSame) return record.sha256;
  // Copied or touched, or changed: only its contents tell.
  if (await sha256File(partPath(file)) !== record.sha256) return undefined;
  // Where nothing can be written, the file is read each time.
  await atomicWrite(recordPath(file), recordText(record.sha256, info)).catch(() => {});
  return record.sha256;
}

/**
 * Makes a built file ready to be published: synced, and with its record beside it. A rename keeps
 * its size, time and inode, so all that takes long is done before the file takes its place.
 */
export async function prepareFile(dir: string, file: string): Promise<void> {
  const path = join(dir, file);
  {
    using whole = await Deno.open(path, { read: true, write: true });
    await whole.sync();
  }
  await atomicWrite(`${path}.json`, recordText(await sha256File(path), await Deno.stat(path)));
}

/** Gives prepared files their final names, each with its record right behind it. */
export async function publishFiles(dir: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    await Deno.rename(join(dir, file), partPath(file));
    await Deno.rename(join(dir, `${file}.json`), recordPath(file));
  }
}

function recordText(sha256: string, info: Deno.FileInfo): string {
  const record: FileRecord = {
    ...{ sha256, bytes: info.size, mtimeMs: info.mtime?.getTime() ?? 0 },
    ...(info.ino === null ? {} : { inode: info.ino }),
  };
  return `${JSON.stringify(record)}\n`;
}

async function readRecord(file: string): Promise<FileRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(recordPath(file)));
    const isValid = isRecord(value) && typeof value.sha256 === "string" &&
      typeof value.bytes === "number" && typeof value.mtimeMs === "number" &&
      (value.inode === undefined || typeof value.inode === "number");
    return isValid ? value as unknown as FileRecord : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
