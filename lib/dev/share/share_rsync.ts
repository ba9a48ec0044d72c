import { devCommands } from "../state/dev_commands.ts";
import { GuestError } from "../../base/errors.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import { devDir } from "../state/dev_paths.ts";
import { PLAIN_SHARE, type Share, type ShareRequest } from "./share.ts";
import { checkShareDir } from "../state/share_dir.ts";
import { prepareSync } from "../sync/sync.ts";
import { isInSync, planLines } from "../sync/sync_plan.ts";

/** The project as a copy in the guest, which is brought up to date in both directions. */
export function makeRsyncShare(request: ShareRequest): Share {
  const { config, hostDir, guestDir, signal } = request;
  const { readOnly } = config.share;
  const sync = async (ssh: SshConnection) => {
    const { plan, run } = await prepareSync({
      ...{ ssh, hostDir, guestDir, readOnly, signal },
      stateDir: devDir(config.name),
      onWarning: request.onNote,
    });
    if (!isInSync(plan)) request.onNote?.(`Sync: ${planLines(plan).join("\n  ")}`);
    const backup = await run();
    if (backup !== undefined) request.onNote?.(`Overwritten files were saved to ${backup}`);
  };
  return {
    ...PLAIN_SHARE,
    async beforeStart() {
      await checkShareDir({ dir: hostDir, readOnly, signal });
      return await PLAIN_SHARE.beforeStart();
    },
    async afterStart(ssh) {
      await makeGuestDir(ssh, guestDir, config.user, signal);
      await sync(ssh);
    },
    beforeStop: sync,
  };
}

/** Only root may make a directory beside the system's own. */
async function makeGuestDir(
  ssh: SshConnection,
  guestDir: string,
  user: string,
  signal?: AbortSignal,
): Promise<void> {
  const argv = devCommands.asRoot(["install", "-d", "-o", user, guestDir]);
  const { code } = await ssh.exec(argv, { signal });
  if (code === 0) return;
  throw new GuestError(`Cannot make the directory "${guestDir}" in guest "${ssh.name}"`, {
    details: [`${argv.join(" ")}: status ${code}`],
    next: "deno task arm-dev-ssh --plain",
  });
}
