import { EXIT, TaskError } from "../base/errors.ts";
import type { Project } from "../project/project.ts";
import { diagnoseCommand } from "../base/process/diagnose_command.ts";
import { explainForeignFiles } from "../base/files/foreign_files.ts";
import { explainFullDisk } from "../base/files/full_disk.ts";
import type { NetworkCauses } from "../vm/guest_network.ts";
import { logCutNote, type LogFiles } from "../base/files/log_files.ts";
import type { Progress } from "../report/progress.ts";
import type { BuildResult } from "../report/build_result.ts";
import type { FailedStep } from "./run_steps.ts";

export interface BuildOptions {
  readonly project: Project;
  /** Artifacts go to a directory of the platform's name below this one. */
  readonly artifactsDir: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** The part of a result about a failed step, with the network's share in it. */
export function stepError(
  name: string,
  failed: FailedStep,
  log: string,
  network: NetworkCauses = { details: [] },
): BuildResult["error"] {
  return {
    message: `Step "${failed.name}" failed on ${name}: ${
      failed.command[0]
    } exited with status ${failed.code}`,
    details: [...failed.tail, ...network.details],
    next: network.next ?? `less ${log}`,
  };
}

/** Notes in a result what was left out of its log; the user is told too. */
export function recordCut(result: BuildResult, log: LogFiles, progress: Progress): void {
  if (log.droppedBytes === 0) return;
  result.notes = [logCutNote()];
  progress.warning(`${result.name}: ${logCutNote()}: ${log.build}`);
}

/**
 * Notes in a result why the build could not be run: `signal`'s reason, or a TaskError; throws bugs.
 */
export async function recordError(
  result: BuildResult,
  thrown: unknown,
  log: LogFiles,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) {
    result.status = "interrupted";
    log.write("== interrupted\n");
    return;
  }
  const action = `finish the build on ${result.name}`;
  const error = await explainForeignFiles(await explainFullDisk(thrown, action), action);
  const isTimeout = error instanceof DOMException && error.name === "TimeoutError";
  if (!(error instanceof TaskError) && !isTimeout) throw error;
  const { message } = error;
  const details = error instanceof TaskError ? error.details : [];
  const next = error instanceof TaskError
    ? error.next ?? (error.exit === EXIT.guest ? diagnoseCommand(log.console) : undefined)
    : 'set "timeouts" in guesthouse.json';
  result.status = isTimeout || (error instanceof TaskError && error.exit === 1) ? "fail" : "error";
  if (error instanceof TaskError) result.exit = error.exit;
  result.error = { message, details, ...(next === undefined ? {} : { next }) };
  log.write(
    [`== ${message}`, ...details, ...(next === undefined ? [] : [`next: ${next}`])].join("\n") +
      "\n",
  );
}
