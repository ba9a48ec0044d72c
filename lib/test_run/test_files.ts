import { walk } from "@std/fs";
import { join, relative } from "@std/path";

/** Directories with unit tests, beside their modules; they boot no guest. */
const UNIT_DIRS = ["lib", "tasks", "types"];

/** What one `deno test` runs, and how long it takes. */
export interface TestJob {
  /** For people: the file, or what several files have in common. */
  readonly name: string;
  /** Paths relative to the checkout. */
  readonly files: readonly string[];
  /** Expected duration, from an earlier run. */
  readonly seconds: number;
}

/** All test files of a checkout, relative to it, sorted. */
export async function findTestFiles(root: string): Promise<string[]> {
  const files: string[] = [];
  for (const dir of [...UNIT_DIRS, "tests"]) {
    const entries = walk(join(root, dir), { includeDirs: false, match: [/_test\.ts$/] });
    for await (const { path } of entries) files.push(relative(root, path));
  }
  return files.sort();
}

/** A file without a recorded duration is taken for one that boots a guest: started early. */
const UNKNOWN_SECONDS = 120;
/** Name under which the unit tests' duration is recorded. */
const UNIT_JOB = "unit tests";

/**
 * One job for each file of `tests/`, and one for all unit tests: starting Deno for each of those
 * takes longer than they do.
 */
export function jobsOf(
  files: readonly string[],
  durations: Readonly<Record<string, number>>,
): TestJob[] {
  const units = files.filter((file) => UNIT_DIRS.some((dir) => file.startsWith(`${dir}/`)));
  const others = files.filter((file) => !units.includes(file));
  const jobs = others.map((file) => ({ name: file, files: [file] }));
  if (units.length > 0) jobs.unshift({ name: UNIT_JOB, files: units });
  return jobs.map((job) => ({ ...job, seconds: durations[job.name] ?? UNKNOWN_SECONDS }));
}
