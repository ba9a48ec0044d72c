import { UsageError } from "../../base/errors.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import { devDir } from "../state/dev_paths.ts";
import type { DevRecord } from "../state/record.ts";
import { checkShareDir } from "../state/share_dir.ts";
import { type PreparedSync, prepareSync, type SyncOptions } from "./sync.ts";

type Shared = Pick<DevRecord, "name" | "share">;

/** Throws {@link UsageError} for a guest that mounts the project instead of copying it. */
export function requireCopy({ name, share }: Shared): void {
  if (share.mode === "rsync") return;
  throw new UsageError(
    `Cannot sync guest "${name}": it shares the project by ${share.mode}, and has no copy`,
    { next: "nothing: changes are seen on both sides at once" },
  );
}

/** Plans a sync of a running guest's copy. Throws like `checkShareDir()` if the host's is gone. */
export async function syncRecord(
  { name, share }: Shared,
  ssh: SshConnection,
  options: Pick<SyncOptions, "onWarning" | "signal"> = {},
): Promise<PreparedSync> {
  const { hostDir, guestDir, readOnly } = share;
  await checkShareDir({ dir: hostDir, readOnly, signal: options.signal });
  return await prepareSync({
    ...{ ...options, ssh, hostDir, guestDir, readOnly },
    stateDir: devDir(name),
  });
}
