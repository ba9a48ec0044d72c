import { join } from "@std/path";
import { HostError, WorkError } from "../base/errors.ts";
import { loadSpecs } from "../cli/load_specs.ts";
import type { Platform } from "../config/platform.ts";
import { denoTaskText } from "../base/process/deno_task.ts";
import { root } from "../base/files/paths.ts";
import { makeScratch } from "../base/process/scratch.ts";
import { imageState } from "../image/platform/platform_image.ts";
import { makeRow, type Row } from "../report/row.ts";
import { Series } from "./series.ts";
import { median } from "../report/statistics.ts";
import { TARGETS } from "./targets.ts";
import { timeTask } from "./time_task.ts";

/** The options of every measurement of tasks. */
interface TaskBenchOptions {
  /** How often to measure each. */
  readonly runs: number;
  readonly signal: AbortSignal;
  /** Called with the next measurement. */
  readonly onStep: (text: string) => void;
}

/** The time limit of a task that should take no time. */
const QUICK_MS = 60_000;
/** The time limit of a first build. */
const FIRST_BUILD_MS = 3_600_000;

/** Times `--help` of every task: the median of each task, and all runs of the slowest one. */
export async function measureHelp({ runs, signal, onStep }: TaskBenchOptions): Promise<Row[]> {
  const tasks: { readonly name: string; readonly series: Series<number> }[] = [];
  for (const name of await taskNames()) {
    onStep(`--help of ${name}`);
    const series = new Series<number>();
    for (let run = 0; run < runs; run++) {
      await series.take(signal, async () => {
        const { seconds } = await timeTask([name, "--help"], { signal, timeoutMs: QUICK_MS });
        return seconds;
      });
    }
    tasks.push({ name, series });
  }
  const medianOf = (series: Series<number>) => median(series.values) ?? -Infinity;
  const slowest = tasks.toSorted((a, b) => medianOf(b.series) - medianOf(a.series))[0];
  const errors = tasks.flatMap(({ series }) => series.error ?? []);
  const error = errors.length === 0 ? {} : { error: errors.join("\n") };
  const [all, one] = ["--help of every task", "--help of the slowest task"];
  return [
    makeRow({
      ...{ name: all, target: TARGETS[all], ...error },
      runs: tasks.flatMap(({ series }) => median(series.values) ?? []),
      note: `${tasks.length} tasks, the median of each`,
    }),
    makeRow({
      ...{ name: one, target: TARGETS[one], ...error },
      runs: slowest?.series.values ?? [],
      ...(slowest === undefined ? {} : { note: slowest.name }),
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
  { runs, signal, onStep, platforms }: TaskBenchOptions & {
    readonly platforms: readonly Platform[];
  },
): Promise<Row> {
  const series = new Series<number>();
  const names = platforms.map(({ name }) => name);
  onStep("setup-images with an unchanged recipe");
  for (let run = 0; run < runs; run++) {
    await series.take(signal, async () => {
      // Otherwise the images would be built, which was not requested.
      await requireUnchanged(platforms);
      const { seconds } = await timeTask(["setup-images", ...names], {
        signal,
        timeoutMs: QUICK_MS,
      });
      return seconds;
    });
  }
  const name = "setup-images, unchanged";
  return makeRow({ name, target: TARGETS[name], runs: series.values, error: series.error });
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
  { signal, onStep, projectDir }: Omit<TaskBenchOptions, "runs"> & { readonly projectDir: string },
): Promise<Row> {
  onStep("build-all from nothing, which takes minutes");
  const series = new Series<number>();
  await series.take(signal, async () => {
    await using stack = new AsyncDisposableStack();
    const { path: dir } = stack.use(await makeScratch("bench"));
    const args = [
      "--yes",
      "--json",
      "--project",
      projectDir,
      "--artifacts",
      join(dir, "artifacts"),
    ];
    const { seconds, stdout } = await timeTask(["build-all", ...args], {
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
  const name = "build-all from nothing";
  return makeRow({ name, target: TARGETS[name], runs: series.values, error: series.error });
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
