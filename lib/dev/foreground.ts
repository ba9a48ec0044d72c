import type { TaskContext } from "../cli/context.ts";
import type { DevConfig } from "../config/dev_config.ts";
import { devFile } from "./state/dev_paths.ts";
import { announce, startedDocument } from "./announce.ts";
import { bringUp } from "./bring_up.ts";
import { attachConsole, followConsole } from "../guest/attach_console.ts";
import type { StartDevOptions, StartedDev } from "./start.ts";
import { shutdownDev } from "./stop.ts";

/** How long the guest may take to shut down when its task is left. */
const SHUTDOWN_MS = 180_000;

/** Starts the guest, showing its console as it boots, and stays with it: {@link stayWith}. */
export async function startInForeground(
  ctx: TaskContext,
  request: StartDevOptions,
  task: string,
): Promise<void> {
  await using console = followConsole(devFile(request.config.name, "consoleLog"));
  await using guest = await bringUp(ctx, {
    ...request,
    onStep(step) {
      request.onStep(step);
      // Not earlier: the task may have been restarted before, and the guest may be running.
      if (!ctx.json) console.start();
    },
  }, task);
  const shown = await console.stop();
  ctx.result(startedDocument(guest));
  announce(ctx, guest);
  await stayWith(ctx, guest, request.config, shown);
}

/**
 * Shows the guest's console until the guest ends or the user leaves it. A guest that this task has
 * started is then shut down, if possible.
 */
async function stayWith(
  ctx: TaskContext,
  guest: StartedDev,
  config: DevConfig,
  fromByte: number | undefined,
): Promise<void> {
  const { record, exited, wasUp } = guest;
  ctx.log.info(`This is its serial console. Ctrl-] ${wasUp ? "leaves it" : "shuts it down"}.`);
  const how = await attachConsole({
    path: record.consoleSocket,
    log: devFile(record.name, "consoleLog"),
    fromByte,
    exited,
    signal: ctx.signal,
  });
  if (how === "ended" || wasUp) return;
  using _ = ctx.waitingFor(`guest "${record.name}" to shut down`);
  try {
    await shutdownDev({
      config,
      // The task's own signal may be what has ended the session.
      signal: new AbortController().signal,
      timeoutMs: SHUTDOWN_MS,
      onStep: (step) => ctx.log.step(step),
      onNote: (text) => ctx.log.info(text),
    });
  } catch (error) {
    // A guest that did not shut down cleanly is left to the user: the error says how to kill it.
    await guest.release();
    throw error;
  }
}
