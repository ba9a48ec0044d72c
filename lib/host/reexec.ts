import { fromFileUrl, join } from "@std/path";
import { HostError } from "../cli/errors.ts";
import { denoTaskText } from "./deno_task.ts";
import { root } from "./paths.ts";

/** Set in the environment of a task that was started again, to the pid that started it. */
const MARK = "GUESTHOUSE_REEXEC";

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Whether this task was started again by {@link reexec}. */
export function isReexecuted(): boolean {
  return Deno.env.get(MARK) !== undefined;
}

/** What a test of {@link reexec} may change. */
export interface ReexecOptions {
  /** The file with the permission sets (default: ours). */
  readonly config?: string;
}

/**
 * Runs a task file once more in the same terminal, and returns its exit status. Deno looks the
 * programs of a permission set up when it starts, so a task that has just installed one may not
 * run it yet, but its successor may.
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
): Promise<number> {
  if (isReexecuted()) {
    throw new HostError("Cannot start the task again: it has been started again already", {
      details: ["what was installed is still not found"],
      next: denoTaskText("check"),
    });
  }
  const file = taskFile.startsWith("file:") ? fromFileUrl(taskFile) : taskFile;
  const child = new Deno.Command("sh", {
    // By way of sh because a permission set can name programs, but not the path of this Deno.
    args: [
      ...["-c", 'exec "$@"', "sh", Deno.execPath(), "run", "-q"],
      ...[
        "--config",
        options.config ?? join(root, "deno.json"),
        `-P=${permissionSet}`,
        file,
        ...args,
      ],
    ],
    env: { [MARK]: String(Deno.pid) },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const forward = FORWARDED.map((name) => {
    const listener = () => {
      try {
        child.kill(name);
      } catch {
        // It has ended by itself.
      }
    };
    Deno.addSignalListener(name, listener);
    return () => Deno.removeSignalListener(name, listener);
  });
  try {
    return (await child.status).code;
  } finally {
    forward.forEach((remove) => remove());
  }
}

/**
 * In a task that was started again, calls `onOrphaned` once its starter is gone, `kill -9`
 * included: without that, nobody could stop the task any more. Elsewhere it does nothing.
 */
export function watchStarter(onOrphaned: () => void): Disposable {
  const starter = Deno.env.get(MARK);
  if (starter === undefined) return { [Symbol.dispose]: () => {} };
  // A process whose parent has ended gets another one.
  const timer = setInterval(() => {
    if (String(Deno.ppid) === starter) return;
    clearInterval(timer);
    onOrphaned();
  }, 250);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
