import { basename, join, relative } from "@std/path";
import { UsageError } from "../base/errors.ts";
import { changedMs } from "../base/files/directories.ts";
import { type Log, plainLines, readLog, readText } from "./log_lines.ts";

/** The name of standard input, as an argument and in a report. */
const STDIN = "-";

/** Logs that were written this long before the newest one belong to the same run. */
const RUN_MINUTES = 10;

/** A directory deeper than this has none of our logs; it is more likely a loop of links. */
const DEEPEST = 4;

/**
 * Reads named files, directories, or standard input, relative to `from`. Throws {@link UsageError}.
 */
export async function readNamedLogs(names: readonly string[], from: string): Promise<Log[]> {
  const logs: Log[] = [];
  for (const name of names) {
    if (name === STDIN) {
      logs.push({ name: STDIN, lines: plainLines(await readText(Deno.stdin.readable)) });
      continue;
    }
    for (const path of await logsAt(join(name.startsWith("/") ? "/" : from, name), name)) {
      logs.push(await readLog(path, showPath(path, from)));
    }
  }
  return logs;
}

/**
 * Reads the newest run's logs, up to {@link RUN_MINUTES} old. Throws {@link UsageError} if none.
 */
export async function readNewestLogs(dir: string, from: string): Promise<Log[]> {
  const found = await Promise.all(
    (await listLogs(dir, 1)).map(async (path) => ({ path, ms: await changedMs(path) })),
  );
  const newest = Math.max(...found.map(({ ms }) => ms));
  const recent = found.filter(({ ms }) => newest - ms <= RUN_MINUTES * 60_000);
  if (recent.length === 0) {
    throw new UsageError(`Cannot diagnose a run: there is no log in "${showPath(dir, from)}"`, {
      details: ["no task has been run in this checkout, or its logs were removed"],
      next: "deno task ci-diagnose FILE, or --run ID for a run of GitHub Actions",
    });
  }
  return await Promise.all(recent.map(({ path }) => readLog(path, showPath(path, from))));
}

async function logsAt(path: string, name: string): Promise<string[]> {
  const refuse = (why: string) =>
    new UsageError(`Cannot diagnose "${name}": ${why}`, {
      details: [`looked at: ${path}`],
      next: "name a log file, a directory of logs, or - for standard input",
    });
  try {
    const info = await Deno.stat(path);
    if (!info.isDirectory) return [path];
    const logs = await listLogs(path, DEEPEST);
    if (logs.length === 0) throw refuse("the directory holds no .log or .txt file");
    return logs;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw refuse("there is no such file");
    if (error instanceof Deno.errors.PermissionDenied) throw refuse("it is not readable");
    throw error;
  }
}

/** The logs in a directory and the directories in it, sorted. */
async function listLogs(dir: string, depth: number): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { name, isFile, isDirectory } of Deno.readDir(dir)) {
      const path = join(dir, name);
      if (isFile && /\.(?:log|txt)$/.test(name)) paths.push(path);
      if (isDirectory && depth > 1) paths.push(...await listLogs(path, depth - 1));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return paths.sort();
}

/** A path as the user would type it. */
function showPath(path: string, from: string): string {
  const short = relative(from, path);
  return short.startsWith("..") ? path : short || basename(path);
}
