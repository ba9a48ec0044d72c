import type { TaskContext } from "../cli/context.ts";
import { ensureHost } from "../host/ensure_host.ts";
import type { AcceleratorChoice } from "../host/accelerator.ts";
import { reexec } from "../host/reexec.ts";
import { guestDisplay } from "./display.ts";
import { loadDev, projectDir } from "./load.ts";
import { startDev, type StartDevOptions, type StartedDev } from "./start.ts";

/** What a task of `START_OPTIONS` asks for. */
export async function startRequest(ctx: TaskContext): Promise<StartDevOptions> {
  return {
    config: await loadDev(ctx),
    hostDir: await projectDir(ctx),
    accelerator: ctx.str("accel") as AcceleratorChoice,
    ...("gui" in ctx.values && ctx.flag("gui") ? { display: guestDisplay() } : {}),
    signal: ctx.signal,
    onStep: (step) => ctx.log.step(step),
    onNote: (text, level) => level === "warning" ? ctx.log.warn(text) : ctx.log.info(text),
  };
}

/** Who starts a guest. */
export interface StartingTask {
  readonly name: string;
  /** Its file, as `import.meta.url` says it. */
  readonly file: string;
}

/**
 * Starts the guest for a task, or finds it up; the tools that takes are installed first where that
 * may be. The task is started again after that, by its file.
 */
export async function bringUp(
  ctx: TaskContext,
  request: StartDevOptions,
  task: StartingTask,
): Promise<StartedDev> {
  const { installed } = await ensureHost(["vm"], ctx, {
    guestArchs: ["aarch64"],
    task: task.name,
  });
  if (installed) await reexec("dev", task.file, Deno.args);
  return await startDev(request);
}
