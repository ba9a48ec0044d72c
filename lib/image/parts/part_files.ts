import { delay } from "@std/async";
import { join } from "@std/path";
import { atomicWrite } from "../../base/files/atomic_write.ts";
import {
  checkFile,
  type FileRecord,
  fileRecordSchema,
  recordFile,
} from "../../base/files/file_record.ts";
import { readJson } from "../../base/files/read_json.ts";
import { isLocked } from "../../base/files/lock.ts";
import { imagesDir } from "../../base/files/paths.ts";
import { firstFileOf } from "./part_names.ts";
import type { Move } from "../../store/publish.ts";
import { makerLock } from "../../store/unfinished.ts";

/** Where a part's file lies. */
export const partPath = (file: string): string => join(imagesDir(), file);

const recordPath = (file: string) => `${partPath(file)}.json`;

/** How long a file and its record may disagree: the time between two renames, on a busy disk. */
const PUBLISH_MS = 3_000;
/** Time between two looks at such a file. */
const RETRY_MS = 50;

/**
 * The SHA-256 of a part's file; `undefined` if it was changed. Read only as {@link checkFile} says,
 * and again for some seconds while the part is being built.
 */
export async function partDigest(file: string): Promise<string | undefined> {
  const deadline = performance.now() + PUBLISH_MS;
  let digest = await digestNow(file);
  for (let held = true; digest === undefined && held && performance.now() < deadline;) {
    // Before the check: a task that has released the lock has put everything in its place.
    held = await isLocked(makerLock("part", firstFileOf(file)));
    if (held) await delay(RETRY_MS);
    digest = await digestNow(file);
  }
  return digest;
}

/** Like {@link partDigest}, but without waiting: for the holder of the part's lock. */
export async function digestNow(file: string): Promise<string | undefined> {
  const record = await readJson(recordPath(file), fileRecordSchema);
  if (record === undefined) return undefined;
  const verdict = await checkFile(partPath(file), record, { made: "built" });
  if (verdict.fault !== undefined) return undefined;
  // Where nothing can be written, the file is read each time.
  if (verdict.record !== record) {
    await atomicWrite(recordPath(file), recordText(verdict.record)).catch(() => {});
  }
  return record.sha256;
}

/** Writes a built file's record and syncs both. Returns the moves that publish them. */
export async function prepareFile(dir: string, file: string): Promise<Move[]> {
  const path = join(dir, file);
  // The rename changes its change time, so it has no identity before.
  await atomicWrite(`${path}.json`, recordText({ ...await recordFile(path), identity: "" }));
  return [{ from: path, to: partPath(file) }, { from: `${path}.json`, to: recordPath(file) }];
}

const recordText = (record: FileRecord): string => `${JSON.stringify(record)}\n`;
