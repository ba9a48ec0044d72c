import { DEV_ARCH } from "../config/dev_names.ts";
import { startLogs } from "../base/files/log_files.ts";
import { tableOptions } from "../setup/set_up.ts";
import type { TaskContext } from "../cli/context.ts";
import { LiveTable } from "../base/terminal/live_table.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import { ensureHost } from "../host/tools/ensure_host.ts";
import type { DevConfig, FlavourName } from "../config/dev_config.ts";
import { loadFlavour } from "./load_flavour.ts";
import { initDev, refuseExisting } from "./init.ts";

interface InitValues {
  readonly flavour: FlavourName | undefined;
  readonly force: boolean;
  readonly fresh: boolean;
  readonly accel: AcceleratorChoice;
}

/** The work of `arm-dev-init`: tools, then the guest, with a row of progress. */
export async function runInit(
  ctx: TaskContext<InitValues>,
  config: DevConfig,
  task: string,
): Promise<void> {
  const { force, fresh, accel: accelerator, flavour = config.flavour } = ctx.opt;
  const loaded = await loadFlavour(flavour);
  // Checked before minutes are spent on tools, and again under the guest's lock.
  await refuseExisting(config.name, force);
  await ensureHost([...await loaded.prepareTools(force), "vm"], ctx, {
    guestArchs: [DEV_ARCH],
    task,
  });
  if (ctx.dryRun) {
    ctx.print(`make guest "${config.name}" (${flavour}, ${config.diskGiB} GiB)`);
    return;
  }
  await using logs = await startLogs(`${config.name}-init`);
  using table = new LiveTable([config.name], tableOptions(ctx));
  try {
    const outcome = await initDev({
      ...{ config, flavour, force, fresh, accelerator, logs },
      signal: ctx.signal,
      onStep: (step) => {
        logs.write(`== ${step}\n`);
        table.phase(config.name, step);
      },
      log: (line) => {
        logs.output(`${line}\n`);
        table.line(config.name, line);
      },
      onNote: (text) => ctx.log.info(text),
    });
    table.finish(config.name, "pass", "made");
    ctx.result({ ok: true, name: config.name, flavour, ...outcome });
  } catch (error) {
    table.finish(config.name, "error", `see ${logs.build}`);
    throw error;
  }
  ctx.log.info(`Guest "${config.name}" is made. Start it: deno task arm-dev`);
}
