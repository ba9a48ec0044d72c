import { walk } from "@std/fs";
import { join, relative } from "@std/path";

/** Directories with unit tests, beside their modules; they boot no guest. */
const UNIT_DIRS = ["lib", "tasks", "types"];

/** The files of one `deno test` process, and its duration. */
export interface TestJob {
  /** For display: the file, or what several files have in common. */
  readonly name: string;
  /** Paths relative to the checkout; none for the check of all types. */
  readonly files: readonly string[];
  /** Whether its name says that it boots guests. */
  readonly bootsGuest: boolean;
  /** Expected duration, from an earlier run. */
  readonly seconds: number;
}

/** An example in a docstring, which `deno test --doc` runs. */
const EXAMPLE = /^ \* @example$/m;

/** All test files of a checkout, and modules with examples, relative to it, sorted. */
export async function findTestFiles(root: string): Promise<string[]> {
  const files: string[] = [];
  for (const dir of [...UNIT_DIRS, "tests"]) {
    for await (const { path } of walk(join(root, dir), { includeDirs: false, exts: [".ts"] })) {
      if (path.endsWith("_test.ts") || EXAMPLE.test(await Deno.readTextFile(path))) {
        files.push(relative(root, path));
      }
    }
  }
  return files.sort();
}

/** A file without a recorded duration is treated like one that boots a guest: it starts early. */
const UNKNOWN_SECONDS = 120;
/** Rooms whose tests take long enough for a separate job, which runs beside others. */
const LONG_ROOMS = ["lib/base", "lib/dev", "lib/guest", "lib/host", "lib/image", "lib/project"];
/** Name of the job of all other unit tests. */
const UNIT_JOB = "unit tests";

/** Checks the types of all files in seconds; each file alone would take as long. */
const TYPES_JOB = "types";

/** One job for the types, one for each file of `tests/`, and a few for all unit tests. */
export function jobsOf(
  files: readonly string[],
  durations: Readonly<Record<string, number>>,
): TestJob[] {
  const jobs = Map.groupBy(files, jobName);
  if (files.length > 0) jobs.set(TYPES_JOB, []);
  return [...jobs].map(([name, files]) => ({
    ...{ name, files },
    bootsGuest: files.some((file) => file.endsWith("_guest_test.ts")),
    seconds: durations[name] ?? UNKNOWN_SECONDS,
  }));
}

function jobName(file: string): string {
  const isIn = (dir: string) => file.startsWith(`${dir}/`);
  return UNIT_DIRS.some(isIn) ? LONG_ROOMS.find(isIn) ?? UNIT_JOB : file;
}
