import { join } from "@std/path";
import { makeScratch } from "../base/process/scratch.ts";
import { spawnOwned } from "../base/process/process.ts";
import { thisDeno } from "../base/process/reexec.ts";
import { readJunit, type TestCounts } from "./junit.ts";
import { takeNext } from "./next_job.ts";
import type { TestJob } from "./test_files.ts";

export interface JobResult extends TestCounts {
  readonly job: TestJob;
  readonly seconds: number;
  /** All its output. */
  readonly text: string;
}

interface RunJobsOptions {
  readonly root: string;
  readonly atOnce: number;
  /** Environment variables of the tests, in addition to this process's own. */
  readonly env: Readonly<Record<string, string>>;
  /** Only tests whose title contains this. */
  readonly filter?: string | undefined;
  /** Whether one of the jobs checks the types for all. */
  readonly typesApart: boolean;
  /** Called with each job as it ends. */
  readonly onEnd: (result: JobResult) => void;
  readonly signal: AbortSignal;
}

/** Names a directory for what tests make once for all files of a run; it goes with the run. */
const SHARED = "GUESTHOUSE_TEST_SHARED";

/** Interrupted tests end their guests first. */
const GRACE_MS = 20_000;

/** Runs each job in its own Deno process, the first of `jobs` first. Throws the signal's reason. */
export async function runJobs(
  jobs: readonly TestJob[],
  options: RunJobsOptions,
): Promise<JobResult[]> {
  await using scratch = await makeScratch("junit");
  const dir = scratch.path;
  const shared = join(dir, "shared");
  await Deno.mkdir(shared);
  const env = { ...options.env, [SHARED]: shared };
  const waiting = [...jobs];
  const running = new Set<TestJob>();
  let begun = 0;
  const results: JobResult[] = [];
  const worker = async () => {
    const next = () => takeNext(waiting, running, options.atOnce);
    for (let job = next(); job !== undefined; job = next()) {
      options.signal.throwIfAborted();
      running.add(job);
      const result = await runJob(job, join(dir, `${begun++}.xml`), { ...options, env });
      running.delete(job);
      results.push(result);
      options.onEnd(result);
    }
  };
  // All of them end, even if one fails, before their directory is removed.
  const ends = await Promise.allSettled(Array.from({ length: options.atOnce }, worker));
  options.signal.throwIfAborted();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return results;
}

async function runJob(job: TestJob, junit: string, options: RunJobsOptions): Promise<JobResult> {
  const { root, env, filter, signal } = options;
  const started = performance.now();
  await using tests = spawnOwned([
    ...thisDeno(),
    ...job.files.length === 0 ? ["check", "-q", root] : [
      ...["test", "-q", "--doc", "--no-prompt", "-P=test", "--config", join(root, "deno.json")],
      `--junit-path=${junit}`,
      ...(options.typesApart ? ["--no-check"] : []),
      ...(filter === undefined ? [] : ["--filter", filter, "--permit-no-files"]),
      ...job.files,
    ],
  ], {
    ...{ cwd: root, environment: "user", env: { ...env, NO_COLOR: "1" } },
    ...{ output: `${junit}.txt`, graceMs: GRACE_MS },
  });
  const stop = () => void tests.stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const { code } = await tests.status;
    const text = await Deno.readTextFile(`${junit}.txt`);
    const counts = await countsOf(junit);
    // A run that did not finish is a failure, whatever its counts.
    const failed = code === 0 ? counts.failed : Math.max(1, counts.failed);
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    return { ...counts, failed, job, seconds, text };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Empty, if Deno did not get as far as writing its report. */
async function countsOf(junit: string): Promise<TestCounts> {
  try {
    return readJunit(await Deno.readTextFile(junit));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof SyntaxError)) throw error;
    return { passed: 0, failed: 0, leftOut: [] };
  }
}
