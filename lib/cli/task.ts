import { type ContextOf, createContext } from "./context.ts";
import { listenForCrashes } from "./crash.ts";
import { EXIT, InterruptedError } from "../base/errors.ts";
import { describeFailure } from "./failure.ts";
import { renderHelp } from "./help.ts";
import { createLog } from "../base/terminal/log.ts";
import { onStreamFault, streamFault, writeStdout } from "../base/terminal/output.ts";
import { parseArguments, type ParsedArguments } from "./parse.ts";
import { renderDocument, Report } from "./task_report.ts";
import { scanArguments } from "./scan.ts";
import { listenForSignals } from "./signals.ts";
import { allOptions, type TaskSpec } from "./spec.ts";

export type { ContextOf, TaskContext } from "./context.ts";
export type { TaskSpec } from "./spec.ts";

/** The work of a task; a number becomes the exit status. */
type TaskMain<Spec extends TaskSpec> = (ctx: ContextOf<Spec>) => Promise<number | void>;

/**
 * Runs a task from its command line: parses, answers `--help`, turns signals into an abort, reports
 * failures, and sets `Deno.exitCode`. Never throws or exits, so that everything is disposed.
 *
 * With `--json`, exactly one document reaches standard output: that of `ctx.result`, or `{"ok",
 * "exit"}`; a failure adds `"error": {message, details, next, exit}`.
 */
export async function runTask<Spec extends TaskSpec>(
  spec: Spec,
  main: TaskMain<Spec>,
  args: readonly string[] = Deno.args,
): Promise<void> {
  // The form of the report is decided before the arguments are checked, since they may be invalid.
  const { options } = scanArguments(spec, args);
  const json = options.includes("--json");
  const report = new Report({ json, verbose: options.includes("--verbose") });
  if (options.includes("--help")) {
    const help = { ...spec, options: allOptions(spec) };
    writeStdout(json ? renderDocument({ ok: true, help }) : renderHelp(spec));
  } else {
    try {
      const parsed = await parseArguments(spec, args);
      Deno.exitCode = await runMain(spec, main, parsed, report);
    } catch (error) {
      Deno.exitCode = report.fail(describeFailure(await explained(error, spec.name), spec.name));
    }
    report.finish(Deno.exitCode);
  }
  const fault = streamFault("standard output") ?? streamFault("standard error");
  if (fault !== undefined && Deno.exitCode === EXIT.ok) {
    Deno.exitCode = report.fail(describeFailure(fault, spec.name));
  }
}

/** A full disk of the host, and our files that belong to another user, are not bugs. */
async function explained(error: unknown, taskName: string): Promise<unknown> {
  const { explainFullDisk } = await import("../base/files/full_disk.ts");
  const { explainForeignFiles } = await import("../base/files/foreign_files.ts");
  const action = `finish "${taskName}"`;
  return await explainForeignFiles(await explainFullDisk(error, action), action);
}

async function runMain<Spec extends TaskSpec>(
  spec: Spec,
  main: TaskMain<Spec>,
  parsed: ParsedArguments<Spec>,
  report: Report,
): Promise<number> {
  const { quiet, verbose } = parsed.opt;
  const log = createLog({ quiet: quiet === true, verbose: verbose === true });
  const waits: string[] = [];
  using interruption = listenForSignals({
    onInterrupt: (name) => log.info(`Cleaning up after ${name}`),
    onImpatience: () => log.warn(describeCleanup(waits.length > 0 ? waits : [log.lastStep])),
  });
  const crash = new AbortController();
  using _ = listenForCrashes((error) => crash.abort(error));
  // Work whose output nobody will see is pointless.
  using _streams = onStreamFault((fault) => crash.abort(fault));
  const signal = AbortSignal.any([interruption.signal, crash.signal]);
  try {
    const status = await main(createContext({ parsed, log, signal, report, waits }));
    if (!signal.aborted) return status ?? EXIT.ok;
  } catch (error) {
    throw signal.aborted ? stoppedBy(signal, error, spec.name) : error;
  }
  throw signal.reason;
}

/** Why a task was stopped: the signal, with errors of the cleanup as details. */
function stoppedBy(signal: AbortSignal, error: unknown, taskName: string): unknown {
  const isConsequence = error === signal.reason || error instanceof InterruptedError ||
    (error instanceof DOMException && error.name === "AbortError");
  if (isConsequence || !(signal.reason instanceof InterruptedError)) return signal.reason;
  const { message, details } = describeFailure(error, taskName);
  return new InterruptedError(signal.reason.message, {
    details: [message, ...details],
    cause: error,
  });
}

function describeCleanup(waits: readonly (string | undefined)[]): string {
  const what = waits.filter((wait) => wait !== undefined).join(", ");
  const progress = what === "" ? "still cleaning up" : `still cleaning up, waiting for: ${what}`;
  return `${progress} (to give up: kill -9 ${Deno.pid})`;
}
