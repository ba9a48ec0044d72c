import { delay } from "@std/async";
import { HostError, TaskError } from "../../base/errors.ts";
import { describeFileSystems } from "../../base/files/full_disk.ts";
import { isOutOfSpace, openQmp } from "../../qemu/out_of_space.ts";
import { devDir } from "./dev_paths.ts";
import type { DevRecord } from "./record.ts";

/**
 * Why QEMU holds a guest: it stops one whose disk it cannot write for want of space on the host, so
 * that nothing is lost, and goes on where it stopped when it is told to.
 */
const NO_SPACE = "the host had no space left for what it wrote to its disk";

/** A write that fails again does so at once. */
const SETTLE_MS = 500;

type Reachable = Pick<DevRecord, "name" | "qmpSocket">;

/** Why QEMU has stopped a running guest; `undefined` if it has not, or does not say. */
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
 * Lets a guest go on that QEMU has stopped, and returns why it was; `undefined` if it runs. Throws
 * {@link HostError} if there is still no space.
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
    details: [...await describeFileSystems([dir]), "nothing is lost: it goes on where it stopped"],
    next: "deno task gc, or make space in other ways, and then deno task arm-dev",
  });
}
