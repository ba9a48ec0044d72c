import { ownScript } from "./own_script.ts";
import { spawnOwned } from "./process.ts";

/** The name of a variable that tells the processes of one command or build from all others. */
export const MARK = "GUESTHOUSE_COMMAND";

/** A variable for an environment, with a value that no process has yet. */
export type Mark = Readonly<Record<typeof MARK, string>>;

export const newMark = (): Mark => ({ [MARK]: crypto.randomUUID() });

const END_MARKED = ownScript("end_marked.sh", import.meta.url);

/** Longer than the script takes. */
const GRACE_MS = 10_000;

/**
 * Ends the processes with this mark once it is disposed of, or this task ends, whichever way. What
 * hides its environment is not found.
 */
export function endMarkedLater(mark: Mark): AsyncDisposable {
  return spawnOwned([END_MARKED, MARK, mark[MARK], "later"], { graceMs: GRACE_MS });
}
