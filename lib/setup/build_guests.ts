import { GuestError } from "../base/errors.ts";
import type { LogFiles } from "../base/files/log_files.ts";
import { denoTaskText } from "../base/process/deno_task.ts";
import type { Platform } from "../config/platform.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import { systemOf } from "../image/platform/systems.ts";
import type { BuildGuests, GuestConsole } from "../image/system/guest_system.ts";
import { bootFirmware, seedOf } from "../vm/boot_build_guest.ts";
import { findBuildHost } from "../vm/build_guest.ts";
import { guestSize } from "../vm/build_machine.ts";
import { openGuest } from "../vm/open_guest.ts";
import { changeOverSsh, type SeededGuest } from "./change_over_ssh.ts";
import { changeAtConsole, type ConsoleGuest } from "./change_at_console.ts";

/** What {@link buildGuests} takes. */
interface BuildGuestsOptions {
  readonly platform: Platform;
  readonly accelerator: AcceleratorChoice;
  readonly logs: LogFiles;
  readonly signal: AbortSignal;
  readonly byHand?: ByHand | undefined;
}

/** Has the user change a guest at its console, instead of our scripts. */
export interface ByHand {
  /** The disk to start from. Default: the publisher's. */
  readonly from: string | undefined;
  readonly change: (console: GuestConsole) => Promise<void>;
}

/** How much longer than later boots the first takes: it grows the file system and sets itself up. */
const FIRST_BOOT_FACTOR = 3;

/** The guests in which a platform's image is made and proven. */
export function buildGuests(options: BuildGuestsOptions): BuildGuests {
  const { platform, accelerator, logs, signal, byHand } = options;
  const { name } = platform;
  const size = guestSize(platform, undefined, {});
  const change: BuildGuests["changeAtConsole"] = async (disks, how) => {
    const host = await findBuildHost({ platform, accelerator, signal });
    const guest: ConsoleGuest = {
      ...{ ...size, ...disks, name, host, logs, signal, cpu: platform.cpu[host.accelerator] },
      boot: (dir) => bootFirmware(platform, dir),
    };
    return await changeAtConsole(guest, how);
  };
  return {
    changeAtConsole: change,
    async changeOverSsh(disks, makeSeed, how) {
      const host = await findBuildHost({ platform, accelerator, signal });
      const seed = await makeSeed(seedOf(platform, host));
      const guest: SeededGuest = {
        ...{ ...size, ...disks, name, host, logs, signal, cpu: platform.cpu[host.accelerator] },
        ...{ user: platform.ssh.user, seed: seed.path, boot: (dir) => bootFirmware(platform, dir) },
        bootMs: platform.timeouts.bootMs * FIRST_BOOT_FACTOR,
        shutdownMs: platform.timeouts.shutdownMs * FIRST_BOOT_FACTOR,
        powerOff: systemOf(platform).commands.powerOff,
      };
      return await changeOverSsh(guest, how);
    },
    byHand: byHand && {
      from: byHand.from,
      change: (disks) => change(disks, byHand.change),
    },
    async verify({ dir, disk }) {
      const image = { dir, disk, boot: undefined, digest: "" };
      await using guest = await openGuest({
        ...{ ...size, platform, image, logs, signal, accelerator },
        ...{ network: "none", sshPort: 0, cold: true, bootMs: platform.timeouts.bootMs },
        onNote: (text) => logs.write(`== ${text}\n`),
      });
      // Not only that it answers: root's programs and the user's are what builds need.
      const { asRoot } = systemOf(platform).commands;
      const { code } = await guest.ssh.exec(asRoot(["true"]), { signal });
      await guest.shutdown();
      if (code === 0) return;
      throw new GuestError(`Cannot use the new image of "${name}": its user cannot become root`, {
        details: [`the command ended with status ${code}`, `console: ${logs.console}`],
        next: denoTaskText("setup-images", [name, "--force"]),
      });
    },
  };
}
