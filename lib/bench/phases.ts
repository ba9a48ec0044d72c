import { toHundredths } from "../report/statistics.ts";

/** The durations of the phases of a build in a guest, in seconds. */
export interface BuildPhases {
  readonly boot: number;
  readonly sync: number;
  readonly build: number;
  readonly shutdown: number;
  /** From before the launch until everything of the guest has been removed. */
  readonly total: number;
}

/** The phases by the names of their rows, and the time that is not the build itself. */
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
