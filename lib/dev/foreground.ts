import type { TaskContext } from "../cli/context.ts";
import type { DevConfig } from "./config.ts";
import { devFile } from "./paths.ts";
import { attachConsole } from "./serial.ts";
import type { StartedDev } from "./start.ts";
import { shutdownDev } from "./stop.ts";

/** How long the guest may take to shut down when its task is left. */
const SHUTDOWN_MS = 60_000;

/**
 * Shows the guest's console until the guest ends, or is left: one that this task has started is
 * then shut down, one that had been up before goes on.
 */
export async function stayInForeground(
  ctx: TaskContext,
  guest: StartedDev,
  config: DevConfig,
): Promise<void> {
  const { record, exited, wasUp } = guest;
  ctx.log.info(`This is its serial console. Ctrl-] ${wasUp ? "leaves it" : "shuts it down"}.`);
  const how = await attachConsole({
    path: record.consoleSocket,
    log: devFile(record.name, "consoleLog"),
    exited,
    signal: ctx.signal,
  });
  if (how === "ended" || wasUp) return;
  using _ = ctx.waitingFor(`guest "${record.name}" to shut down`);
  await shutdownDev({
    config,
    // The task's own signal may be what has ended the session.
    signal: new AbortController().signal,
    timeoutMs: SHUTDOWN_MS,
    onStep: (step) => ctx.log.step(step),
    onNote: (text) => ctx.log.info(text),
  });
}
