import { median } from "./statistics.ts";

/** One measurement, as `--json` prints it. */
export interface Row {
  readonly name: string;
  /** `null` if it is not about a guest. */
  readonly platform: string | null;
  readonly unit: "s";
  /** The highest acceptable median; `null` if there is none. */
  readonly target: number | null;
  /** `null` if there is no run, as are the minimum and the maximum. */
  readonly median: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly runs: readonly number[];
  readonly verdict: "met" | "missed" | "no target" | "not measured";
  readonly note?: string;
  /** Why runs are missing. */
  readonly error?: string;
}

interface RowInput extends Pick<Row, "name" | "note" | "error"> {
  readonly platform?: string;
  readonly target?: number | undefined;
  readonly runs: readonly number[];
}

/** Summarizes the runs of a measurement. */
export function makeRow({ name, platform, target, runs, note, error }: RowInput): Row {
  const middle = median(runs);
  const verdict = middle === undefined
    ? "not measured"
    : target === undefined
    ? "no target"
    : middle <= target
    ? "met"
    : "missed";
  return {
    name,
    platform: platform ?? null,
    unit: "s",
    target: target ?? null,
    median: middle ?? null,
    min: middle === undefined ? null : Math.min(...runs),
    max: middle === undefined ? null : Math.max(...runs),
    runs,
    verdict,
    ...(note === undefined ? {} : { note }),
    ...(error === undefined ? {} : { error }),
  };
}

/** How many times longer a cold start takes, as `--json` prints it. */
export interface Ratio {
  readonly name: string;
  readonly platform: string;
  /** Median of cold starts in seconds. */
  readonly cold: number;
  /** Median of warm starts in seconds. */
  readonly warm: number;
  readonly ratio: number;
}
