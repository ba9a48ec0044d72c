import { join } from "@std/path";
import { startClock } from "../base/time/clock.ts";
import { WorkError } from "../base/errors.ts";
import { denoTaskText } from "../base/process/deno_task.ts";
import { root } from "../base/files/paths.ts";
import { thisDeno } from "../base/process/reexec.ts";
import { $ } from "../base/process/dollar.ts";

interface TimeTaskOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** How long stopped tasks may take to end their guests. */
const GRACE_MS = 20_000;

/** Runs `deno task NAME ARGS...`; returns seconds and output. Throws {@link WorkError}. */
export async function timeTask(
  [name = "", ...args]: readonly string[],
  options: TimeTaskOptions,
): Promise<{ readonly seconds: number; readonly stdout: string }> {
  const config = join(root, "deno.json");
  const sh = $.with({ cwd: root, environment: "user", ...options, graceMs: GRACE_MS });
  const clock = startClock();
  const { code, stdout, stderr } =
    await sh`${thisDeno()} task --quiet --config ${config} ${name} ${args}`.noThrow();
  const seconds = clock();
  if (code === 0) return { seconds, stdout };
  throw new WorkError(`Cannot time "${name}": it exited with status ${code}`, {
    details: (stderr.trim() || stdout.trim()).split("\n").slice(-12),
    next: denoTaskText(name, args),
  });
}
