import { DEV_ARCH } from "../config/dev_names.ts";
import { callersDir } from "../cli/output_path.ts";
import type { TaskContext } from "../cli/context.ts";
import type { OptionValues } from "../cli/option_values.ts";
import { resolveProject } from "../project/find_project.ts";
import { ensureHost } from "../host/tools/ensure_host.ts";
import { root } from "../base/files/paths.ts";
import { guestDisplay } from "./display.ts";
import { loadDev } from "./load_dev.ts";
import type { START_OPTIONS } from "./dev_options.ts";
import { startDev, type StartDevOptions, type StartedDev } from "./start.ts";

/** What a task with `START_OPTIONS` requests. */
export async function startRequest(
  ctx: TaskContext<OptionValues<typeof START_OPTIONS> & { readonly gui?: boolean }>,
): Promise<StartDevOptions> {
  const { opt } = ctx;
  return {
    config: await loadDev(opt),
    hostDir: await resolveProject({ projectFlag: opt.project, cwd: callersDir(), root }),
    accelerator: opt.accel,
    ...(opt.gui ? { display: guestDisplay() } : {}),
    signal: ctx.signal,
    onStep: (step) => ctx.log.step(step),
    onNote: (text, level) => level === "info" ? ctx.log.info(text) : ctx.log.warn(text),
  };
}

/** Starts the guest for a task, or finds it running; installs tools first if that is allowed. */
export async function bringUp(
  ctx: TaskContext,
  request: StartDevOptions,
  task: string,
): Promise<StartedDev> {
  await ensureHost(["vm"], ctx, {
    guestArchs: [DEV_ARCH],
    task,
  });
  return await startDev(request);
}
