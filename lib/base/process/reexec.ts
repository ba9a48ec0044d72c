import { fromFileUrl, join } from "@std/path";
import { HostError } from "../errors.ts";
import { denoTaskText } from "./deno_task.ts";
import { wholeEnvironment } from "./clean_environment.ts";
import { root } from "../files/paths.ts";
import { ownScript } from "./own_script.ts";

/**
 * Set in the environment of a task that was started again, to the pid of its starter. Programs that
 * the task runs inherit it, hence the pid: they have another parent.
 */
const MARK = "GUESTHOUSE_REEXEC";

const parent = Deno.ppid;

/** Whether this task was started again by {@link reexec}. */
export function isReexecuted(): boolean {
  return Deno.env.get(MARK) === String(parent);
}

const BECOME = ownScript("become.sh", import.meta.url);

/** How a program of {@link run} is this very Deno; the supervisor ends it with this task. */
export const thisDeno = (): string[] => [BECOME, "", Deno.execPath()];

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What a test of {@link reexec} may change. */
export interface ReexecOptions {
  /** The file with the permission sets (default: ours). */
  readonly config?: string;
}

/**
 * Runs a task file once more in the same terminal, and exits with its status. Deno looks the
 * programs of a permission set up when it starts, so a task that has just installed one may not
 * run it yet, but its successor may.
 *
 * Nothing is disposed: a task calls this before it holds anything. It exits by itself because its
 * successor has said all there is to say, the one document of `--json` included.
 *
 * @param permissionSet a name in `deno.json`
 * @param taskFile path or file URL, such as `import.meta.url`
 * @throws {HostError} in a task that was itself started this way: installing again will not help
 */
export async function reexec(
  permissionSet: string,
  taskFile: string,
  args: readonly string[],
  options: ReexecOptions = {},
): Promise<never> {
  if (isReexecuted()) {
    throw new HostError("Cannot start the task again: it has been started again already", {
      details: ["what was installed is still not found"],
      next: denoTaskText("check"),
    });
  }
  const file = taskFile.startsWith("file:") ? fromFileUrl(taskFile) : taskFile;
  const { command, env } = wholeEnvironment([
    ...[Deno.execPath(), "run", "-q"],
    ...["--config", options.config ?? join(root, "deno.json"), `-P=${permissionSet}`],
    ...[file, ...args],
  ]);
  const child = new Deno.Command(BECOME, {
    args: [String(Deno.pid), ...command],
    env: { ...env, [MARK]: String(Deno.pid) },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  for (const name of FORWARDED) {
    Deno.addSignalListener(name, () => {
      try {
        child.kill(name);
      } catch {
        // It has ended by itself.
      }
    });
  }
  Deno.exit((await child.status).code);
}
