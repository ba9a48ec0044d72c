import { startClock } from "../build/clock.ts";
import { buildInGuest } from "../build/guest_build.ts";
import { startLogs } from "../build/log_files.ts";
import { guestSize, type Size } from "../build/machine.ts";
import { openGuest } from "../build/open_guest.ts";
import { GuestError } from "../cli/errors.ts";
import type { Platform } from "../config/platform.ts";
import type { Project } from "../config/project.ts";
import type { AcceleratorChoice } from "../host/accelerator.ts";
import { requireImage } from "../image/image.ts";
import { buildNaively } from "./naive_build.ts";
import { type BuildPhases, phaseRows } from "./phases.ts";
import { makeRow, type Row } from "./row.ts";
import { Series } from "./series.ts";
import { toHundredths } from "./statistics.ts";
import { type Measurement, TARGETS } from "./targets.ts";

/** What {@link measureGuests} takes. */
export interface GuestBenchOptions {
  readonly project: Project;
  readonly accelerator: AcceleratorChoice;
  readonly hostMemoryMiB: number;
  /** Where artifacts go, which nobody wants. */
  readonly artifactsDir: string;
  readonly wanted: ReadonlySet<Measurement>;
  readonly runs: number;
  readonly signal: AbortSignal;
  /** Told what is measured next. */
  readonly onStep: (text: string) => void;
  /** Told what a run gave: seconds, or why there are none. */
  readonly onRun: (text: string) => void;
}

type Options = GuestBenchOptions & { readonly platform: Platform; readonly size: Size };

/**
 * Measures one platform, one guest at a time. The kinds take turns, so that a host which gets
 * slower meanwhile is no one's disadvantage.
 */
export async function measureGuests(
  platform: Platform,
  bench: GuestBenchOptions,
): Promise<Row[]> {
  const { wanted, runs, signal, onStep } = bench;
  const options = { ...bench, platform, size: guestSize(platform, bench.project, {}) };
  const first = new Series<number>();
  const ours = new Series<BuildPhases>();
  const naive = new Series<BuildPhases>();
  for (let run = 1; run <= runs; run++) {
    const take = async <T extends number | BuildPhases>(
      kind: Measurement,
      series: Series<T>,
      measure: () => Promise<T>,
    ) => {
      if (!wanted.has(kind) || series.error !== undefined) return;
      onStep(`${platform.name}: ${kind}, run ${run} of ${runs}`);
      const value = await series.take(signal, measure);
      // What was measured is told at once: an interruption may lose the table.
      bench.onRun(value === undefined ? series.error ?? "" : JSON.stringify(value));
    };
    await take("first-command", first, () => timeFirstCommand(options));
    await take("build-vm", ours, () => timeBuild(options));
    await take("naive", naive, () => buildNaively(options));
  }
  const row = (name: string, values: readonly number[], { error }: Series<unknown>) =>
    makeRow({ name, platform: platform.name, target: TARGETS[name], runs: values, error });
  const rows: Row[] = [];
  if (wanted.has("first-command")) rows.push(row("first command", first.values, first));
  for (const [kind, series] of [["build-vm", ours], ["naive", naive]] as const) {
    if (!wanted.has(kind)) continue;
    rows.push(...phaseRows(kind, series.values).map(([name, values]) => row(name, values, series)));
  }
  return rows;
}

/** Seconds from the launch of a cold guest until it has answered a command. */
async function timeFirstCommand(options: Options): Promise<number> {
  const { platform, size, signal } = options;
  await using logs = await startLogs(`bench-${platform.name}`);
  await using guest = await openGuest({
    ...size,
    ...{ platform, logs, signal },
    image: await requireImage(platform),
    accelerator: options.accelerator,
    sshPort: 0,
    bootMs: platform.timeouts.bootMs,
  });
  const clock = startClock();
  const { code } = await guest.ssh.exec(["true"], { signal });
  if (code !== 0) {
    throw new GuestError(`Cannot run "true" in guest "${platform.name}": status ${code}`);
  }
  return toHundredths(guest.bootSeconds + clock());
}

/** A cold `build-vm`. */
async function timeBuild(options: Options): Promise<BuildPhases> {
  let sinceShutdown: (() => number) | undefined;
  const result = await buildInGuest({
    ...options,
    sshPort: 0,
    progress: {
      phase: (_name, phase) =>
        void (sinceShutdown = phase === "shutdown" ? startClock() : undefined),
      output: () => {},
      warning: () => {},
    },
  });
  options.signal.throwIfAborted();
  const shutdown = sinceShutdown?.() ?? 0;
  if (result.status === "pass") return { ...result.seconds, shutdown };
  const { message = "", ...more } = result.error ?? {};
  throw new GuestError(message, more);
}
