import { delay } from "@std/async";
import { HostError, TaskError } from "../../base/errors.ts";
import { describeFileSystems } from "../../base/files/full_disk.ts";
import { isOutOfSpace, openQmp } from "../../qemu/out_of_space.ts";
import { devDir } from "./dev_paths.ts";
import type { DevRecord } from "./record.ts";

/** QEMU pauses a guest whose disk it cannot write for lack of space, until told to continue. */
const NO_SPACE = "the host had no space left for its disk";

/** A write that fails again does so at once. */
const SETTLE_MS = 500;

type Reachable = Pick<DevRecord, "name" | "qmpSocket">;

/** Why QEMU has paused a running guest; `undefined` if it has not, or does not say. */
export async function whyPaused(
  record: Reachable,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await isOutOfSpace(record, signal) ? NO_SPACE : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TaskError) return undefined;
    throw error;
  }
}

/**
 * Continues a paused guest, and returns why it was paused. Throws {@link HostError} if it cannot.
 */
export async function resumeDev(
  record: Reachable,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (await whyPaused(record, signal) === undefined) return undefined;
  await using qmp = await openQmp(record, signal);
  await qmp.execute("cont", undefined, { signal });
  await delay(SETTLE_MS, { signal });
  if (!await isOutOfSpace(qmp, signal)) return NO_SPACE;
  const dir = devDir(record.name);
  throw new HostError(`Guest "${record.name}" is paused: ${NO_SPACE}`, {
    details: [
      ...await describeFileSystems([dir]),
      "nothing is lost: it will continue where it stopped",
    ],
    next: "deno task gc, or free space in other ways, and then deno task arm-dev",
  });
}
