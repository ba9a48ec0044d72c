import { startClock } from "../base/time/clock.ts";
import { buildInGuest } from "../ci/guest_build.ts";
import { startLogs } from "../base/files/log_files.ts";
import { guestSize } from "../vm/build_machine.ts";
import type { Size } from "../vm/machine.ts";
import { openGuest } from "../vm/open_guest.ts";
import { GuestError } from "../base/errors.ts";
import type { Platform } from "../config/platform.ts";
import type { Project } from "../project/project.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import { useImage } from "../image/platform/platform_image.ts";
import { type BuildPhases, phaseRows } from "./phases.ts";
import type { Row } from "../report/row.ts";
import { type BenchOptions, measureSeries, rowOf, Series } from "./series.ts";
import { toHundredths } from "../report/statistics.ts";
import type { Measurement } from "./targets.ts";

interface GuestBenchOptions extends BenchOptions {
  readonly project: Project;
  readonly accelerator: AcceleratorChoice;
  /** Where the artifacts, which are not needed, are copied to. */
  readonly artifactsDir: string;
  readonly wanted: ReadonlySet<Measurement>;
}

type Options = GuestBenchOptions & { readonly platform: Platform; readonly size: Size };

/** Measures one platform; the kinds take turns, so that a slower host affects all of them. */
export async function measureGuests(
  platform: Platform,
  bench: GuestBenchOptions,
): Promise<Row[]> {
  const { wanted, runs } = bench;
  const options = { ...bench, platform, size: guestSize(platform, bench.project, {}) };
  const numbers = new Map<Measurement, Series<number>>();
  const builds = new Map<Measurement, Series<BuildPhases>>();
  const take = async <T extends number | BuildPhases>(
    all: Map<Measurement, Series<T>>,
    kind: Measurement,
    run: number,
    measure: () => Promise<T>,
  ) => {
    const series = all.get(kind) ?? new Series<T>();
    all.set(kind, series);
    if (!wanted.has(kind) || series.error !== undefined) return;
    bench.onStep(`${platform.name}: ${kind}, run ${run} of ${runs}`);
    await series.take(bench, measure);
  };
  // Saving snapshots, and the first build of a build cache, are not measured.
  if (wanted.has("warm-command") || wanted.has("warm-build-vm")) await timeFirstCommand(options);
  if (wanted.has("incremental")) await timeBuild(options, { incremental: true });
  for (let run = 1; run <= runs; run++) {
    await take(numbers, "first-command", run, () => timeFirstCommand(options, { cold: true }));
    await take(builds, "build-vm", run, () => timeBuild(options, { cold: true }));
    await take(numbers, "warm-command", run, () => timeFirstCommand(options));
    await take(builds, "warm-build-vm", run, () => timeBuild(options, {}));
    await take(builds, "incremental", run, () => timeBuild(options, { incremental: true }));
  }
  const row = (name: string, values: readonly number[], { error }: Series<unknown>) =>
    rowOf(name, values, { platform: platform.name, error });
  const rows: Row[] = [];
  for (const [kind, series] of numbers) {
    if (!wanted.has(kind)) continue;
    const name = kind === "warm-command" ? "warm first command" : "first command";
    rows.push(row(name, series.values, series));
  }
  for (const [kind, series] of builds) {
    if (!wanted.has(kind)) continue;
    const prefix = kind === "warm-build-vm" ? "warm build-vm" : kind;
    rows.push(
      ...phaseRows(prefix, series.values).map(([name, values]) => row(name, values, series)),
    );
  }
  if (wanted.has("guests")) rows.push(...await measureMany(options));
  return rows;
}

/** How many guests are started at once. */
const CROWDS = [1, 2, 4, 8];
/** Memory of each of them. */
const CROWD_MEMORY_MIB = 512;

/** Seconds from the launch of several warm guests until all of them have answered a command. */
async function measureMany(options: Options): Promise<Row[]> {
  const { name: platform } = options.platform;
  const small = { ...options, size: { memoryMiB: CROWD_MEMORY_MIB, cores: 1 } };
  await timeFirstCommand(small);
  const rows: Row[] = [];
  let before: { readonly count: number; readonly seconds: number } | undefined;
  for (const count of CROWDS) {
    const title = `${platform}: ${count} guests at once`;
    const { values, error } = await measureSeries(title, options, () => timeCrowd(small, count));
    const name = `${count} guest${count === 1 ? "" : "s"}`;
    const row = rowOf(name, values, { platform, error });
    const seconds = row.median ?? undefined;
    const each = before === undefined || seconds === undefined
      ? undefined
      : toHundredths((seconds - before.seconds) / (count - before.count));
    rows.push({ ...row, note: each === undefined ? "512 MiB each" : `${each} s for each more` });
    if (seconds !== undefined) before = { count, seconds };
  }
  return rows;
}

async function timeCrowd(options: Options, count: number): Promise<number> {
  await using guests = new AsyncDisposableStack();
  const clock = startClock();
  const opened = await Promise.allSettled(
    Array.from({ length: count }, (_, index) => answeringGuest(options, `-${index}`)),
  );
  const seconds = clock();
  for (const result of opened) if (result.status === "fulfilled") guests.use(result.value);
  for (const result of opened) if (result.status === "rejected") throw result.reason;
  return toHundredths(seconds);
}

/** A guest that has answered a command. Disposal ends it. */
async function answeringGuest(
  { platform, size, signal, accelerator }: Options,
  suffix = "",
  cold = false,
): Promise<{ readonly bootSeconds: number } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const logs = stack.use(await startLogs(`bench-${platform.name}${suffix}`));
  const image = stack.use(await useImage(platform));
  const guest = stack.use(
    await openGuest({
      ...size,
      ...{ platform, image, logs, signal, accelerator, cold },
      network: "internet",
      sshPort: 0,
      bootMs: platform.timeouts.bootMs,
    }),
  );
  const clock = startClock();
  const { code } = await guest.ssh.exec(["true"], { signal });
  if (code !== 0) {
    throw new GuestError(`Cannot run "true" in guest "${platform.name}": status ${code}`);
  }
  const bootSeconds = guest.bootSeconds + clock();
  const resources = stack.move();
  return { bootSeconds, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Seconds from the launch of a guest until it has answered a command. */
async function timeFirstCommand(options: Options, { cold = false } = {}): Promise<number> {
  await using guest = await answeringGuest(options, "", cold);
  return toHundredths(guest.bootSeconds);
}

/** A `build-vm`. */
async function timeBuild(
  options: Options,
  how: { readonly cold?: boolean; readonly incremental?: boolean },
): Promise<BuildPhases> {
  let sinceShutdown: (() => number) | undefined;
  const result = await buildInGuest({
    ...options,
    ...how,
    network: options.project.network,
    sshPort: 0,
    progress: {
      phase: (_name, phase) =>
        void (sinceShutdown = phase === "shutdown" ? startClock() : undefined),
      lines: () => {},
      warning: () => {},
    },
  });
  options.signal.throwIfAborted();
  const shutdown = sinceShutdown?.() ?? 0;
  if (result.status === "pass") return { ...result.seconds, shutdown };
  const { message = "", ...more } = result.error ?? {};
  throw new GuestError(message, more);
}
