import { dirname, fromFileUrl, join, relative } from "@std/path";
import { HostError } from "../errors.ts";
import { denoTaskText } from "./deno_task.ts";
import { wholeEnvironment } from "./clean_environment.ts";
import { runInForeground } from "./run_in_foreground.ts";
import { root } from "../files/paths.ts";
import { ownScript } from "./own_script.ts";

/**
 * The pid of the starter, in a task that was started again; its own children have another parent.
 */
const MARK = "GUESTHOUSE_REEXEC";

const parent = Deno.ppid;

/** Whether this task was started again by {@link reexec}. */
export function isReexecuted(): boolean {
  return Deno.env.get(MARK) === String(parent);
}

const BECOME = ownScript("become.sh", import.meta.url);

const CONFIG = join(root, "deno.json");

/** How a program of {@link run} is this very Deno; the supervisor ends it with this task. */
export const thisDeno = (): string[] => [BECOME, "", Deno.execPath()];

/** As {@link thisDeno}, and runs a file with a permission set of `deno.json`. */
export const denoRun = (permissionSet: string, file: string): string[] => [
  ...thisDeno(),
  ...["run", "-q", "--no-prompt", "--config", CONFIG, `-P=${permissionSet}`, file],
];

/** What a test of {@link reexec} may change. */
interface ReexecOptions {
  /** The file with the tasks and their permission sets (default: ours). */
  readonly config?: string;
  /** The task's file (default: the one that runs). */
  readonly file?: string;
}

/**
 * Runs this task again in the same terminal, and exits with its status: Deno resolves the programs
 * of a permission set at its start, so only a new process can run what was just installed. Nothing
 * is disposed: the task must not hold anything.
 *
 * @throws {HostError} in a task that was itself started this way: installing again will not help
 */
export async function reexec(options: ReexecOptions = {}): Promise<never> {
  if (isReexecuted()) {
    throw new HostError("Cannot start the task again: it has been started again already", {
      details: ["what was installed is still not found"],
      next: denoTaskText("check"),
    });
  }
  const { config = CONFIG, file = fromFileUrl(Deno.mainModule) } = options;
  const { command, env } = wholeEnvironment([
    ...[Deno.execPath(), "run", "-q", "--config", config, `-P=${await setOf(file, config)}`],
    ...[file, ...Deno.args],
  ]);
  const status = await runInForeground([BECOME, String(Deno.pid), ...command], {
    inherit: { ...env, [MARK]: String(Deno.pid) },
    forward: ["SIGINT", "SIGTERM", "SIGHUP"],
  });
  Deno.exit(status);
}

/** The permission set that the config's task of a file runs with. */
async function setOf(file: string, config: string): Promise<string> {
  const { tasks } = JSON.parse(await Deno.readTextFile(config));
  const path = relative(dirname(config), file);
  for (const { command } of Object.values<{ command: string }>(tasks)) {
    const [, set, taskFile] = /^deno run .*-P=(\S+) (\S+)$/.exec(command) ?? [];
    if (set !== undefined && taskFile === path) return set;
  }
  throw new Error(`${config} has no task that runs ${path}`);
}
