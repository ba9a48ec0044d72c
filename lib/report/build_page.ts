import type { Span } from "./phase_recorder.ts";
import type { BuildResult } from "./build_result.ts";
import type { HostFacts } from "../host/facts.ts";
import type { Page } from "./page.ts";
import type { TimelineRow } from "./timeline.ts";

interface BuildPageInput {
  readonly project: string;
  readonly date: Date;
  readonly host: HostFigures;
  readonly results: readonly BuildResult[];
  /** The phases of each platform, by its name. */
  readonly spans: (name: string) => readonly Span[];
}

/** The facts about a host that explain times. */
export type HostFigures = Pick<HostFacts, "distro" | "arch" | "cpuModel" | "cores" | "memoryMiB">;

/** The page that `build-all --html` writes. */
export function buildPage({ project, date, host, results, spans }: BuildPageInput): Page {
  const passed = results.filter(({ status }) => status === "pass").length;
  return {
    title: `Builds of ${project}: ${passed} of ${results.length} passed`,
    date,
    host: hostLines(host),
    timeline: results.map((result) => timelineRow(result, spans(result.name))),
    note: "A build that begins later waited for memory or a processor.",
  };
}

/** A host as labelled facts. */
export function hostLines(host: HostFigures): [string, string][] {
  return [
    ["system", `${host.distro}, ${host.arch}`],
    ["processor", `${host.cpuModel}, ${host.cores} cores`],
    ["memory", `${(host.memoryMiB / 1024).toFixed(1)} GiB`],
    ["Deno", Deno.version.deno],
  ];
}

/** A build's bar: its phases, and where it ended. */
export function timelineRow(result: BuildResult, spans: readonly Span[]): TimelineRow {
  const { name, status, start, accelerator, boots, error } = result;
  const details = [accelerator === name ? null : accelerator, boots && "2nd boot"];
  const failed = status === "fail" || status === "error";
  return {
    ...{ name, status, start, spans },
    detail: details.filter((text) => typeof text === "string").join(", ") || undefined,
    failedSpan: failed && spans.length > 0 ? failedSpan(result, spans) : undefined,
    reason: error?.message,
  };
}

/** A failure ends a build; only the shutdown of the guest comes after a failed step. */
function failedSpan({ exitCode, start }: BuildResult, spans: readonly Span[]): number {
  const stepFailed = exitCode !== null && exitCode !== 0;
  const isShutDown = start !== null && spans.at(-1)?.phase === "shutdown";
  return spans.length - (stepFailed && isShutDown && spans.length > 1 ? 2 : 1);
}
