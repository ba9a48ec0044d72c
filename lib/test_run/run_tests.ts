import { join } from "@std/path";
import type { TaskContext } from "../cli/context.ts";
import { UsageError } from "../base/errors.ts";
import { writeStdout } from "../base/terminal/output.ts";
import { root } from "../base/files/paths.ts";
import { changedTests } from "./changed_tests.ts";
import { type JobResult, runJobs } from "./run_jobs.ts";
import { jobsOfShard, longestFirst, parseShard, type Shard } from "./shard.ts";
import { findTestFiles, jobsOf, type TestJob } from "./test_files.ts";
import { passesFilter, whyLeftOut } from "./why_left_out.ts";

/** Seconds that each job took when it was last recorded, by its name. */
const DURATIONS = join(root, "tests", "durations.json");

/** Set to `1` for tests that are to prove at length what they otherwise prove in short. */
const THOROUGH = "GUESTHOUSE_THOROUGH";

/** What the options of `deno task test` say. */
interface TestValues {
  readonly filter: string | undefined;
  readonly shard: string | undefined;
  /** A commit. */
  readonly changed: string | undefined;
  readonly jobs: number | undefined;
  readonly record: boolean;
  /** Only the tests that need no image. */
  readonly unit: boolean;
  /** Also the tests that are left out for their length. */
  readonly thorough: boolean;
}

/** Which tests a user asks for. */
interface TestRequest extends Omit<TestValues, "shard" | "jobs"> {
  /** Files and directories as the user names them; all if empty. */
  readonly files: readonly string[];
  readonly shard: Shard | undefined;
  readonly atOnce: number;
}

/** Reads the arguments of `deno task test`. Throws {@link UsageError} before anything is set up. */
export function testRequest(
  { opt, positionals: files }: TaskContext<TestValues, readonly string[]>,
): TestRequest {
  const shard = opt.shard === undefined ? undefined : parseShard(opt.shard);
  if (opt.shard !== undefined && shard === undefined) {
    throw new UsageError(`Cannot use --shard ${JSON.stringify(opt.shard)}: it is not I/N`, {
      next: "pass --shard 1/3 for the first of three parts",
    });
  }
  const cores = navigator.hardwareConcurrency;
  // Tests without guests mostly wait.
  return { ...opt, files, shard, atOnce: opt.jobs ?? (opt.unit ? 3 * cores : cores + 1) };
}

/** Runs the tests, prints what each job said and a summary, and returns the task's status. */
export async function runTests(ctx: TaskContext, request: TestRequest): Promise<number> {
  const recorded: Record<string, number> = JSON.parse(await Deno.readTextFile(DURATIONS));
  const jobs = await selectJobs(request, recorded, ctx.signal);
  if (jobs.length === 0) {
    ctx.print("0 passed, 0 failed");
    return 0;
  }
  ctx.log.step("Run the tests");
  const results = await runJobs(longestFirst(jobs), {
    ...{ root, atOnce: request.atOnce, filter: request.filter, signal: ctx.signal },
    typesApart: request.files.length === 0,
    env: request.thorough ? { [THOROUGH]: "1" } : {},
    onEnd: (result) => {
      writeStdout(result.text);
      ctx.print(`== ${result.job.name}: ${countsText([result])} in ${result.seconds} s`);
    },
  });
  if (request.record) await recordDurations(recorded, results);
  for (const line of await leftOutLines(results, request.filter ?? "")) ctx.print(line);
  // Once more at the end, where they are looked for.
  for (const { text } of results) writeStdout(failuresIn(text));
  ctx.print(countsText(results));
  const failed = results.some((result) => result.failed > 0);
  return failed || results.every(({ passed }) => passed === 0) ? 1 : 0;
}

async function selectJobs(
  { files, shard, changed, unit }: TestRequest,
  recorded: Readonly<Record<string, number>>,
  signal: AbortSignal,
): Promise<TestJob[]> {
  // Deno itself finds the tests in what a user names.
  if (files.length > 0) return [{ name: files.join(" "), files, bootsGuest: false, seconds: 0 }];
  const all = (await findTestFiles(root)).filter((file) => !unit || !file.startsWith("tests/"));
  const chosen = changed === undefined ? all : await changedTests(root, changed, all, signal);
  const jobs = jobsOf(chosen, recorded);
  return shard === undefined ? jobs : jobsOfShard(jobs, shard);
}

async function recordDurations(
  before: Readonly<Record<string, number>>,
  results: readonly JobResult[],
): Promise<void> {
  const now = results.map(({ job, seconds }) => [job.name, Math.round(seconds)] as const);
  const all = Object.entries({ ...before, ...Object.fromEntries(now) })
    .sort(([a], [b]) => a < b ? -1 : 1);
  await Deno.writeTextFile(DURATIONS, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}

function countsText(results: readonly JobResult[]): string {
  const sum = (count: (result: JobResult) => number) =>
    results.reduce((total, result) => total + count(result), 0);
  return `${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed`;
}

/** One line for each test that did not run, with the condition that left it out. */
async function leftOutLines(results: readonly JobResult[], filter: string): Promise<string[]> {
  // Deno counts those that nobody asked for among them.
  const leftOut = results.flatMap((result) => result.leftOut)
    .filter(({ title }) => passesFilter(title, filter));
  if (leftOut.length === 0) return [];
  const lines = await Promise.all(leftOut.map(async ({ file, line, title }) => {
    const source = await Deno.readTextFile(join(root, file)).catch(() => "");
    return `  ${file}:${line}: ${title} (${whyLeftOut(source, line) ?? "no reason given"})`;
  }));
  return [`${leftOut.length} tests and steps were left out on this host, where:`, ...lines.sort()];
}

/** What Deno repeats of a job's failures at its end. */
function failuresIn(text: string): string {
  const at = text.lastIndexOf("\n ERRORS \n");
  return at < 0 ? "" : text.slice(at);
}
