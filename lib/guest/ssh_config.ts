import { HostError } from "../base/errors.ts";

export interface SshTarget {
  /** `127.0.0.1`. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly key: string;
  /** Path of the file with {@link knownHostsLine}. */
  readonly knownHosts: string;
}

interface SshConfigOptions {
  /** The shared connection's socket. With it, {@link SHARED_HOST} is defined, too. */
  readonly controlPath?: string;
  /** How long a connection may take to come up, in whole seconds. Default 20. */
  readonly connectSeconds?: number;
  /** After how many seconds of silence the connection counts as dead. Default 50. */
  readonly silentSeconds?: number;
}

/** How often a silent guest is asked for an answer. */
const ALIVE_SECONDS = 10;
/** The name of a guest in its configuration file: `ssh -F FILE guest` opens its own connection. */
export const DIRECT_HOST = "guest";
/** The same guest through the shared connection, or not at all. */
export const SHARED_HOST = "shared";
/** The name under which every guest's host key is pinned, whatever its address and port. */
const HOST_KEY_ALIAS = "guesthouse-guest";

/** The line that pins a guest's host key (`ssh-ed25519 AAAA…`) in a `known_hosts` file. */
export function knownHostsLine(hostPublicKey: string): string {
  return `${HOST_KEY_ALIAS} ${hostPublicKey.trim()}\n`;
}

/**
 * A complete OpenSSH configuration for one guest (`-F` also keeps the user's and the system's out):
 * no agent, no password, no other keys or known hosts. Throws {@link HostError} for a bad path.
 */
export function sshConfigText(target: SshTarget, options: SshConfigOptions = {}): string {
  const { controlPath, connectSeconds = 20, silentSeconds = 50 } = options;
  const shared: [string, string | number][] = controlPath === undefined ? [] : [
    ["Host", SHARED_HOST],
    // Without its shared connection ssh would silently open its own, and wait for it.
    ["ProxyCommand", "false"],
    ["ControlMaster", "no"],
    ["ControlPath", pathValue(controlPath)],
  ];
  const all: [string, string | number][] = [
    ["Host", "*"],
    ["HostName", target.host],
    ["Port", target.port],
    ["User", target.user],
    ["IdentityFile", pathValue(target.key)],
    ["IdentitiesOnly", "yes"],
    ["IdentityAgent", "none"],
    ["BatchMode", "yes"],
    ["PreferredAuthentications", "publickey"],
    ["StrictHostKeyChecking", "yes"],
    ["UserKnownHostsFile", pathValue(target.knownHosts)],
    ["GlobalKnownHostsFile", "/dev/null"],
    ["HostKeyAlias", HOST_KEY_ALIAS],
    ["HostKeyAlgorithms", "ssh-ed25519"],
    ["CheckHostIP", "no"],
    ["VerifyHostKeyDNS", "no"],
    ["UpdateHostKeys", "no"],
    // The cheapest key exchange for an emulated CPU; newer defaults add a post-quantum one.
    ["KexAlgorithms", "curve25519-sha256"],
    // Needs neither AES instructions nor a separate MAC; the rest is for other servers.
    ["Ciphers", "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes128-ctr"],
    ["Compression", "no"],
    ["ForwardAgent", "no"],
    ["PermitLocalCommand", "no"],
    // Guests have no other locale with UTF-8; without one, "ls" shows bytes.
    ["SetEnv", "LANG=C.UTF-8"],
    ["ConnectionAttempts", 1],
    ["ConnectTimeout", connectSeconds],
    // A loaded emulated guest may be silent for many seconds; a dead network fails in a minute.
    ["ServerAliveInterval", ALIVE_SECONDS],
    ["ServerAliveCountMax", Math.ceil(silentSeconds / ALIVE_SECONDS)],
  ];
  return [...shared, ...all].map(([key, value]) => `${key} ${value}\n`).join("");
}

/**
 * A quoted path in a configuration file, with `%` doubled since ssh expands `%h`; there is no way
 * to write `${NAME}` or a line end.
 */
function pathValue(path: string): string {
  if (/[\n\r\0]|\$\{/.test(path)) {
    throw new HostError(
      `Cannot use the path ${JSON.stringify(path)} with ssh: it holds a line end or "\${"`,
      { next: "set GUESTHOUSE_STATE (and XDG_RUNTIME_DIR) to a directory with a plain path" },
    );
  }
  return `"${path.replaceAll("%", "%%").replaceAll(/[\\"]/g, (char) => `\\${char}`)}"`;
}
