import { HostError, TaskError } from "../errors.ts";
import { isFullDisk } from "./full_disk.ts";

/** What the operating system says, and its number for it. */
const OS_ERROR = /^(.*?) \(os error (\d+)\)/;

/** A fault of the host's files or streams as {@link HostError}; any other error unchanged. */
export function hostFault(action: string, error: unknown, next?: string): unknown {
  // What an agent says may quote the guest's system.
  if (error instanceof TaskError) return error;
  const [, words] = OS_ERROR.exec(error instanceof Error ? error.message : "") ?? [];
  if (words === undefined) return error;
  const advice = isFullDisk(error) ? "make room on its disk: df -h" : next;
  return new HostError(`Cannot ${action}: ${words}`, {
    ...(advice === undefined ? {} : { next: advice }),
    cause: error,
  });
}
