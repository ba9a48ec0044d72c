import { guestCommand } from "../qemu/launch.ts";
import { guestStart } from "../vm/machine.ts";
import { devGuest, findDevHost } from "./dev_guest.ts";
import { loadFlavour } from "./load_flavour.ts";
import { requireDevGuest } from "./guest_file.ts";
import { guestIds } from "./ids.ts";
import { devDir, devFile, devSocketDir } from "./state/dev_paths.ts";
import { makeShare } from "./share/make_share.ts";
import { shareRequest, type StartDevOptions } from "./start.ts";

/** QEMU's command for the guest. Starts and writes nothing. */
export async function startCommand(options: StartDevOptions): Promise<string[]> {
  const { config, signal } = options;
  const { flavour } = await requireDevGuest(config.name);
  const host = await findDevHost(options.accelerator, signal);
  const socketDir = await devSocketDir(config.name);
  const log = devFile(config.name, "qemuLog");
  const share = await makeShare({
    ...shareRequest(config, options.hostDir, socketDir),
    log,
    signal,
  });
  const dir = devDir(config.name);
  const boot = await (await loadFlavour(flavour)).boot({
    ...{ config, dir, signal },
    keys: host.keys,
    guestIds: guestIds(),
    mount: share.guestSetup(),
    screen: options.display !== undefined,
    dryRun: true,
  });
  const plan = devGuest({
    ...{ config, host, boot, dir, socketDir, share, signal },
    logs: { console: devFile(config.name, "consoleLog"), qemu: log },
    sshPort: config.sshPort,
    reboots: true,
    ...(options.display === undefined ? {} : { display: options.display }),
  });
  return guestCommand(guestStart(plan, { ...plan.home, disk: plan.disk }, { boot: boot.args }));
}
