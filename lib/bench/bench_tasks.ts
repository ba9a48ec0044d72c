import { join } from "@std/path";
import { HostError, WorkError } from "../base/errors.ts";
import { loadSpecs } from "../cli/load_specs.ts";
import type { Platform } from "../config/platform.ts";
import { denoTaskText } from "../base/process/deno_task.ts";
import { root } from "../base/files/paths.ts";
import { makeScratch } from "../base/process/scratch.ts";
import { imageState } from "../image/platform/platform_image.ts";
import type { Row } from "../report/row.ts";
import { type BenchOptions, measureSeries, rowOf, type Series } from "./series.ts";
import { median } from "../report/statistics.ts";
import { timeTask } from "./time_task.ts";

/** The time limit of a task that should take no time. */
const QUICK_MS = 60_000;
/** The time limit of a first build. */
const FIRST_BUILD_MS = 3_600_000;

/** Times `--help` of every task: the median of each task, and all runs of the slowest one. */
export async function measureHelp(options: BenchOptions): Promise<Row[]> {
  const { signal } = options;
  const tasks: { readonly name: string; readonly series: Series<number> }[] = [];
  for (const name of await taskNames()) {
    const measure = async () =>
      (await timeTask([name, "--help"], { signal, timeoutMs: QUICK_MS })).seconds;
    tasks.push({ name, series: await measureSeries(`--help of ${name}`, options, measure) });
  }
  const medianOf = (series: Series<number>) => median(series.values) ?? -Infinity;
  const slowest = tasks.toSorted((a, b) => medianOf(b.series) - medianOf(a.series))[0];
  const error = tasks.flatMap(({ series }) => series.error ?? []).join("\n") || undefined;
  const medians = tasks.flatMap(({ series }) => median(series.values) ?? []);
  const note = `${tasks.length} tasks, the median of each`;
  return [
    rowOf("--help of every task", medians, { note, error }),
    rowOf("--help of the slowest task", slowest?.series.values ?? [], {
      ...{ note: slowest?.name, error },
    }),
  ];
}

/** Tasks with a spec, and so with `--help`, that `deno.json` has. */
async function taskNames(): Promise<string[]> {
  const specs = await loadSpecs(join(root, "tasks"));
  const { tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  return specs.map(({ name }) => name).filter((name) => name in tasks);
}

/** Times `setup-images` with nothing to do. */
export async function measureSetUp(
  options: BenchOptions & { readonly platforms: readonly Platform[] },
): Promise<Row> {
  const { platforms, signal } = options;
  const words = ["setup-images", ...platforms.map(({ name }) => name)];
  const title = "setup-images with an unchanged recipe";
  const { values, error } = await measureSeries(title, options, async () => {
    // Otherwise the images would be built, which was not requested.
    await requireUnchanged(platforms);
    return (await timeTask(words, { signal, timeoutMs: QUICK_MS })).seconds;
  });
  return rowOf("setup-images, unchanged", values, { error });
}

async function requireUnchanged(platforms: readonly Platform[]): Promise<void> {
  for (const platform of platforms) {
    const state = await imageState(platform);
    if (state.kind === "ready") continue;
    throw new HostError(
      `Cannot time "setup-images": the image of ${platform.name} is ${state.kind}`,
      { details: state.reasons, next: denoTaskText("setup-images", [platform.name]) },
    );
  }
}

/** Times the first `build-all` of a fresh checkout in a temporary directory. */
export async function measureFromNothing(
  options: BenchOptions & { readonly projectDir: string },
): Promise<Row> {
  const { signal, projectDir } = options;
  const title = "build-all from nothing, which takes minutes";
  const { values, error } = await measureSeries(title, { ...options, runs: 1 }, async () => {
    await using scratch = await makeScratch("bench");
    const dir = scratch.path;
    const places = ["--project", projectDir, "--artifacts", join(dir, "artifacts")];
    const { seconds, stdout } = await timeTask(["build-all", "--yes", "--json", ...places], {
      env: {
        GUESTHOUSE_IMAGES: join(dir, "images/dist"),
        GUESTHOUSE_STATE: join(dir, "state"),
        GUESTHOUSE_LOGS: join(dir, "logs"),
      },
      signal,
      timeoutMs: FIRST_BUILD_MS,
    });
    requireAllPassed(stdout);
    return seconds;
  });
  return rowOf("build-all from nothing", values, { error });
}

/** A platform that was skipped would make it look fast. */
function requireAllPassed(document: string): void {
  const { platforms } = JSON.parse(document);
  const others = platforms.filter(({ status }: { status: string }) => status !== "pass");
  if (others.length === 0) return;
  throw new WorkError('Cannot time "build-all": not every platform has passed', {
    details: others.map(({ name, status }: Record<string, string>) => `${name}: ${status}`),
  });
}
