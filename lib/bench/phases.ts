import { toHundredths } from "../report/statistics.ts";

/** Where the time of a build in a guest went, in seconds. */
export interface BuildPhases {
  readonly boot: number;
  readonly sync: number;
  readonly build: number;
  readonly shutdown: number;
  /** From before the launch until everything of the guest is gone. */
  readonly total: number;
}

/** The phases as rows are named, and what is not the build itself. */
export function phaseRows(prefix: string, builds: readonly BuildPhases[]): [string, number[]][] {
  const row = (name: string, pick: (build: BuildPhases) => number): [string, number[]] => [
    `${prefix}: ${name}`,
    builds.map((build) => toHundredths(pick(build))),
  ];
  return [
    row("boot", ({ boot }) => boot),
    row("sync", ({ sync }) => sync),
    row("build", ({ build }) => build),
    row("shutdown", ({ shutdown }) => shutdown),
    row("total", ({ total }) => total),
    row("around the compile", ({ total, build }) => total - build),
  ];
}
