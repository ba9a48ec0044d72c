import { type DevFile, listDevFiles } from "./state/dev_files.ts";
import { devDir, devFile } from "./state/dev_paths.ts";
import { removeAll } from "../base/files/directories.ts";
import { lockStopped } from "./state/state.ts";

interface ResetDevOptions {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
  /** Called with what would be destroyed; throws unless that is wanted. */
  readonly confirm: (files: readonly DevFile[]) => Promise<void>;
  readonly dryRun: boolean;
}

/**
 * Destroys the guest's directory, and returns its files. Throws {@link UsageError} while it runs.
 */
export async function resetDev(options: ResetDevOptions): Promise<readonly DevFile[]> {
  const { name, signal, onNote } = options;
  await using _lock = await lockStopped(name, {
    ...{ signal, onNote, purpose: "destroying it", action: `destroy guest "${name}"` },
  });
  const files = await listDevFiles(name);
  if (files.length === 0 || options.dryRun) return files;
  await options.confirm(files);
  // The record goes first, so that a killed reset does not leave an incomplete guest that looks
  // complete.
  await removeAll(devFile(name, "guest"));
  await removeAll(devDir(name));
  return files;
}
