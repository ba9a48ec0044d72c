import { dirname } from "@std/path";
import { connectSsh, joinSsh, type SshConnection } from "../guest/ssh.ts";
import { knownHostsLine } from "../guest/ssh_config.ts";
import { ensureKeys, type Keys } from "../host/keys.ts";
import { acquireLock } from "../base/files/lock.ts";
import { ensurePrivateDir } from "../base/files/private_dir.ts";
import { devFile } from "./state/dev_paths.ts";
import { makePrivateDir } from "./state/private.ts";
import type { DevRecord } from "./state/record.ts";

interface ConnectDevOptions {
  readonly signal?: AbortSignal;
  /** How long a login may take, if there is no shared connection yet. Default 20 000. */
  readonly deadlineMs?: number;
}

/**
 * A guest that QEMU has paused for space may be silent for long, and then continues its sessions.
 */
const SILENT_SECONDS = 3600;

/** The fields of a record that say how to reach the guest. */
type Reachable = Pick<DevRecord, "name" | "sshPort" | "user" | "sshSocket">;

/** The configuration of the shared connection, for `ssh -F FILE shared`. */
export const sshConfigPath = ({ sshSocket }: Pick<DevRecord, "sshSocket">): string =>
  `${sshSocket}.conf`;

/**
 * The SSH connection to the running guest that every task shares, opened if there is none. It ends
 * with the guest, not by disposal. Throws what `connectSsh()` does.
 */
export async function connectDev(
  guest: Reachable,
  options: ConnectDevOptions = {},
): Promise<SshConnection> {
  if (!await answers(guest.sshSocket)) await openShared(guest, options);
  return joinSsh(guest.name, sshConfigPath(guest));
}

/** Opens the shared connection, unless another task was faster. */
async function openShared(guest: Reachable, options: ConnectDevOptions): Promise<void> {
  await ensurePrivateDir(dirname(guest.sshSocket));
  await using _lock = await acquireLock(`${guest.sshSocket}.lock`, { signal: options.signal });
  if (await answers(guest.sshSocket)) return;
  await using ssh = await logIn(guest, await ensureKeys(options.signal), options);
  await ssh.release();
}

/** A connection in the shared one's place, which belongs to this task until it is released. */
export async function logIn(
  guest: Reachable,
  keys: Keys,
  options: ConnectDevOptions = {},
): Promise<SshConnection> {
  const knownHosts = devFile(guest.name, "knownHosts");
  await makePrivateDir(dirname(knownHosts));
  await Deno.writeTextFile(knownHosts, knownHostsLine(keys.hostPublic));
  return await connectSsh({
    name: guest.name,
    host: "127.0.0.1",
    port: guest.sshPort,
    user: guest.user,
    key: keys.clientKey,
    knownHosts,
    controlPath: guest.sshSocket,
    log: devFile(guest.name, "sshLog"),
    silentSeconds: SILENT_SECONDS,
    ...options,
  });
}

/** Whether the socket has a listener: a connection that was cut leaves its socket behind. */
export async function answers(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.ConnectionRefused;
    if (absent) return false;
    throw error;
  }
}
