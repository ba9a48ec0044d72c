import type { Span } from "./phase_recorder.ts";
import type { BuildResult } from "./build_result.ts";
import type { HostFacts } from "../host/facts.ts";
import type { Page } from "./page.ts";
import type { TimelineRow } from "./timeline.ts";

/** What a page tells of a set of builds. */
export interface BuildPageInput {
  readonly project: string;
  readonly date: Date;
  readonly host: HostFigures;
  readonly results: readonly BuildResult[];
  /** The phases of each platform, by its name. */
  readonly spans: (name: string) => readonly Span[];
}

/** What is worth knowing of a host where seconds are shown. */
export type HostFigures = Pick<HostFacts, "distro" | "arch" | "cpuModel" | "cores" | "memoryMiB">;

/** The page that `build-all --html` writes. */
export function buildPage({ project, date, host, results, spans }: BuildPageInput): Page {
  const passed = results.filter(({ status }) => status === "pass").length;
  return {
    title: `Builds of ${project}: ${passed} of ${results.length} passed`,
    date,
    host: hostLines(host),
    timeline: results.map((result) => timelineRow(result, spans(result.name))),
    note: "A build that begins later has waited for memory or a processor.",
  };
}

/** A host in words, each with what it is called. */
export function hostLines(host: HostFigures): [string, string][] {
  return [
    ["system", `${host.distro}, ${host.arch}`],
    ["processor", `${host.cpuModel}, ${host.cores} cores`],
    ["memory", `${(host.memoryMiB / 1024).toFixed(1)} GiB`],
    ["Deno", Deno.version.deno],
  ];
}

/** A build's bar: what it did, and where it ended. */
export function timelineRow(result: BuildResult, spans: readonly Span[]): TimelineRow {
  const { name, status, start, accelerator, error } = result;
  const failed = status === "fail" || status === "error";
  return {
    ...{ name, status, start, spans },
    detail: accelerator === name ? undefined : accelerator ?? undefined,
    failedSpan: failed && spans.length > 0 ? failedSpan(result, spans) : undefined,
    reason: error?.message,
  };
}

/** What went wrong ends a build; only a guest is shut down after a step that failed. */
function failedSpan({ exitCode, start }: BuildResult, spans: readonly Span[]): number {
  const stepFailed = exitCode !== null && exitCode !== 0;
  const isShutDown = start !== null && spans.at(-1)?.phase === "shutdown";
  return spans.length - (stepFailed && isShutDown && spans.length > 1 ? 2 : 1);
}
