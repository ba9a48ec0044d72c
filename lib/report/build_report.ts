import type { TaskContext } from "../cli/context.ts";
import { EXIT, formatError } from "../base/errors.ts";
import { renderTable } from "../base/terminal/table.ts";
import { type BuildResult, verdictOf } from "./build_result.ts";

/** The exit status for a set of builds: the worst of them. */
export function exitStatus(results: readonly BuildResult[]): number {
  if (results.some(({ status }) => status === "fail")) return EXIT.failed;
  const errors = results.filter(({ status }) => status === "error");
  return errors[0]?.exit ?? (errors.length > 0 ? EXIT.failed : EXIT.ok);
}

/** The document that `--json` prints. */
export function buildDocument(results: readonly BuildResult[]): unknown {
  return {
    ok: results.every(({ status }) => status === "pass" || status === "skip"),
    platforms: results.map(({ exit: _, ...result }) => result),
  };
}

/** Reports a single build: its failure in full, or one line. */
export function reportOne(ctx: TaskContext, result: BuildResult): void {
  ctx.result(buildDocument([result]));
  reportFailures(ctx, [result]);
  if (!ctx.quiet) ctx.print(renderSummary([result]));
}

/** Prints why builds did not pass, each with what to do next. */
export function reportFailures(ctx: TaskContext, results: readonly BuildResult[]): void {
  for (const { error, status } of results) {
    if (error === undefined || status === "skip") continue;
    ctx.log.error(formatError(error));
  }
}

/** A table with a row for each platform: verdict, seconds of each phase, log. */
export function renderSummary(results: readonly BuildResult[]): string {
  const number = (value: number) => value === 0 ? "-" : value.toFixed(1);
  const header = ["platform", "result", "boot", "sync", "build", "total", "start", "log"];
  const rows = results.map(({ name, status, boots, seconds, start, accelerator, log, error }) => [
    name,
    verdictOf({ status, boots }),
    ...[seconds.boot, seconds.sync, seconds.build, seconds.total].map(number),
    [start, accelerator].filter((part) => part !== null && part !== "native").join(" ") || "-",
    status === "skip" ? error?.message ?? "" : log ?? "-",
  ]);
  return renderTable([header, ...rows], { right: [2, 3, 4, 5] }).trimEnd();
}
