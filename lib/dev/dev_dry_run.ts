import { guestCommand } from "../qemu/launch.ts";
import { guestStart } from "../vm/machine.ts";
import { findDevHost } from "./dev_guest.ts";
import { loadFlavour } from "./load_flavour.ts";
import { requireDevGuest } from "./guest_file.ts";
import { devSocketDir } from "./state/dev_paths.ts";
import { makeShare } from "./share/make_share.ts";
import { devPlan, shareRequest, type StartDevOptions } from "./start.ts";

/** QEMU's command for the guest. Starts and writes nothing. */
export async function startCommand(options: StartDevOptions): Promise<string[]> {
  const { config, signal } = options;
  const { flavour } = await requireDevGuest(config.name);
  const host = await findDevHost(options.accelerator, signal);
  const socketDir = await devSocketDir(config.name);
  const share = await makeShare({ ...shareRequest(config, options.hostDir, socketDir), signal });
  const parts = { host, flavour: await loadFlavour(flavour) };
  const plan = await devPlan(options, parts, share, socketDir, true);
  const { home, disk } = plan;
  return guestCommand(guestStart(plan, { ...home, disk }, { boot: await plan.boot() }));
}
