import { cleanEnvironment } from "./clean_environment.ts";

interface ForegroundOptions {
  /** Added to this task's own environment. Without it the program gets {@link cleanEnvironment}. */
  readonly inherit?: Readonly<Record<string, string>>;
  /** Sends the program a TERM, which it is then waited for after. */
  readonly signal?: AbortSignal;
  /** Signals of this task that the program gets as well, and that no longer end the task. */
  readonly forward?: readonly Deno.Signal[];
}

/**
 * Runs a program on this task's standard streams, in the foreground and without a supervisor.
 * Returns its exit status, or 128 + the signal's number.
 */
export async function runInForeground(
  [program = "", ...args]: readonly string[],
  { inherit, signal, forward = [] }: ForegroundOptions = {},
): Promise<number> {
  signal?.throwIfAborted();
  const command = new Deno.Command(program, {
    args,
    clearEnv: inherit === undefined,
    env: { ...inherit ?? cleanEnvironment(program) },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  });
  let child: Deno.ChildProcess | undefined;
  const send = (name: Deno.Signal) => {
    try {
      child?.kill(name);
    } catch {
      // It has already ended.
    }
  };
  const end = () => send("SIGTERM");
  const listeners = forward.map((name) => [name, () => send(name)] as const);
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  signal?.addEventListener("abort", end, { once: true });
  try {
    child = command.spawn();
    return (await child.status).code;
  } finally {
    signal?.removeEventListener("abort", end);
    for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
  }
}
