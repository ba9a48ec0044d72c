import type { Span } from "./phase_recorder.ts";
import type { Ratio, Row } from "./row.ts";
import { toHundredths } from "./statistics.ts";
import { type HostFigures, hostLines } from "./build_page.ts";
import type { Curve } from "./curve.ts";
import type { Page } from "./page.ts";
import type { TimelineRow } from "./timeline.ts";

interface BenchPageInput {
  readonly date: Date;
  readonly host: HostFigures & {
    readonly accelerators: Readonly<Record<string, { readonly name: string }>>;
  };
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
}

/** The page that `bench --html` writes. */
export function benchPage({ date, host, rows, ratios }: BenchPageInput): Page {
  const accelerators = Object.entries(host.accelerators)
    .map(([platform, { name }]): [string, string] => [platform, name]);
  return {
    title: "Bench",
    date,
    host: [...hostLines(host), ...accelerators],
    timeline: benchTimeline(rows),
    note: 'Medians, one after the other. "rest" is the time between the phases.',
    bench: { rows, ratios },
    curves: guestCurves(rows),
  };
}

/** Rows that are not phases: the total, and differences of other rows. */
const TOTAL = "total";
const DERIVED: readonly string[] = [TOTAL, "around the compile"];

/** A bar per kind of build and platform: rows `KIND: PHASE` where there is a `KIND: total`. */
export function benchTimeline(rows: readonly Row[]): TimelineRow[] {
  return rows.flatMap(({ name, platform, median, error }) => {
    const [, kind, phase] = /^(.+): (.+)$/s.exec(name) ?? [];
    if (kind === undefined || phase !== TOTAL) return [];
    const phases = rows.filter((row) =>
      row.platform === platform && row.name.startsWith(`${kind}: `) &&
      !DERIVED.includes(row.name.slice(kind.length + 2))
    );
    return [{
      name: platform === null ? kind : `${platform} ${kind}`,
      status: median === null ? "error" as const : "pass" as const,
      start: /\b(warm|incremental)\b/.test(kind) ? "warm" as const : "cold" as const,
      spans: median === null ? [] : oneAfterTheOther(
        phases.map((row) => [row.name.slice(kind.length + 2), row.median ?? 0]),
        median,
      ),
      reason: error?.split("\n")[0],
    }];
  });
}

function oneAfterTheOther(
  phases: readonly (readonly [phase: string, seconds: number])[],
  total: number,
): Span[] {
  const spans: Span[] = [];
  let end = 0;
  const add = (phase: string, seconds: number) => {
    const fromSeconds = end;
    end = toHundredths(end + seconds);
    spans.push({ phase, fromSeconds, toSeconds: end });
  };
  for (const [phase, seconds] of phases) add(phase, seconds);
  if (end < total) add("rest", total - end);
  return spans;
}

/** A curve for each platform that has rows named `N guests`, N of them at the same time. */
export function guestCurves(rows: readonly Row[]): Curve[] {
  const points = rows.flatMap(({ name, platform, median }) => {
    const count = /^(\d+) guests?$/.exec(name)?.[1];
    return count === undefined || median === null
      ? []
      : [{ platform, x: Number(count), seconds: median }];
  });
  const platforms = [...new Set(points.map(({ platform }) => platform))];
  return platforms.map((platform) => ({
    title: `Several guests at once${platform === null ? "" : `, ${platform}`}`,
    unit: "guests",
    points: points.filter((point) => point.platform === platform)
      .map(({ x, seconds }) => ({ x, seconds })),
  }));
}
