import { delay } from "@std/async";
import { dirname, fromFileUrl, join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { spawnOwned } from "../../base/process/process.ts";
import { exists, fileBytes } from "../../base/files/directories.ts";
import { checkSocketPath } from "../../base/files/private_dir.ts";
import { readLogTail } from "../../base/files/log_tail.ts";
import { virtiofsArgs } from "../../qemu/share_args.ts";
import { DEV_SOCKETS } from "../state/dev_paths.ts";
import { PLAIN_SHARE, type Share, type ShareHelpers, type ShareRequest } from "./share.ts";
import { checkShareDir } from "../state/share_dir.ts";
import { namespaceWrapper } from "./share_owner.ts";
import { recordProcess } from "../state/state.ts";
import { requireVirtiofsd, virtiofsdCommand } from "./virtiofsd_program.ts";

const CELL_SCRIPT = join(dirname(fromFileUrl(import.meta.url)), "virtiofsd_cell.sh");

/** How long the daemon may take to create its socket. */
const START_MS = 10_000;
const POLL_MS = 10;
/** How many of the daemon's last lines an error shows. */
const SHOWN_LINES = 6;

/** The project as a directory that a daemon beside QEMU serves. */
export function makeVirtiofsShare(request: ShareRequest): Share {
  const { hostDir, guestIds, socketDir, signal } = request;
  const { readOnly } = request.config.share;
  const socketPath = join(socketDir, DEV_SOCKETS.virtiofs);
  checkSocketPath(socketPath);
  const removeSocket = () => Deno.remove(socketPath).catch(() => {});
  return {
    ...PLAIN_SHARE,
    sharedMemory: true,
    qemuArgs: () => virtiofsArgs(socketPath),
    async beforeStart() {
      const wrapper = namespaceWrapper(guestIds);
      await checkShareDir({ dir: hostDir, readOnly, wrapper, signal });
      const command = virtiofsdCommand(await requireVirtiofsd(signal), {
        ...{ socketPath, readOnly, guestIds },
        dir: hostDir,
        cellScript: CELL_SCRIPT,
      });
      await removeSocket();
      return await startDaemon(command, { socketPath, log: request.log, signal });
    },
    // The daemon serves one guest, and ends when that disconnects.
    afterStop: removeSocket,
  };
}

/** Starts the daemon and waits for its socket. Throws {@link HostError} with its last lines. */
async function startDaemon(
  command: readonly string[],
  { socketPath, log, signal }: Pick<ShareRequest, "log" | "signal"> & {
    readonly socketPath: string;
  },
): Promise<ShareHelpers> {
  const fromByte = await fileBytes(log);
  await using cleanup = new AsyncDisposableStack();
  const daemon = cleanup.use(spawnOwned(command, { output: log }));
  let ended = false;
  daemon.status.then(() => ended = true);
  const deadline = performance.now() + START_MS;
  while (!await exists(socketPath)) {
    if (ended || performance.now() > deadline) {
      const why = ended ? "virtiofsd ended at once" : `no socket within ${START_MS / 1000} s`;
      throw new HostError(`Cannot share the project by virtiofs: ${why}`, {
        details: [
          ...await readLogTail(log, { lines: SHOWN_LINES, fromByte }).catch(() => []),
          `log: ${log}`,
        ],
        next: "pass --share 9p",
      });
    }
    await delay(POLL_MS, { signal });
  }
  // Its supervisor, which ends it.
  const virtiofsd = await recordProcess(daemon.pid);
  const resources = cleanup.move();
  return {
    processes: { virtiofsd },
    release: () => daemon.release(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
