import { GuestError } from "../cli/errors.ts";

/** Why a connection did not come up. */
export type SshReason =
  | "aborted-handshake"
  | "algorithms"
  | "banner-timeout"
  | "booting"
  | "closed"
  | "config"
  | "denied"
  | "host-key"
  | "refused"
  | "timeout"
  | "unknown"
  | "unreachable";

interface Rule {
  readonly reason: SshReason;
  readonly pattern: RegExp;
  /** Completes `Cannot connect to guest "x": …`. */
  readonly text: string;
  /** Whether waiting may help: the guest may not be that far yet. */
  readonly retryable: boolean;
  readonly next?: string;
}

const retryable = true;

/** Texts of OpenSSH 8.6 to 10. The first rule that matches wins. */
const RULES: readonly Rule[] = [
  {
    reason: "host-key",
    pattern:
      /Host key verification failed|HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/,
    text: "it does not have the pinned host key, so it may be another machine",
    retryable: false,
    next: "deno task vm-list",
  },
  {
    reason: "booting",
    pattern: /System is booting up|pam_nologin/,
    text: "it is still booting and refuses logins",
    retryable,
  },
  {
    reason: "config",
    pattern:
      /UNPROTECTED PRIVATE KEY FILE|Load key .*: |no such identity|Bad configuration option|Bad owner/,
    text: "ssh on this host does not accept our key or configuration",
    retryable: false,
  },
  {
    reason: "denied",
    pattern: /Permission denied \(|Too many authentication failures/,
    text: "it refuses our key",
    retryable: false,
  },
  {
    reason: "algorithms",
    pattern: /Unable to negotiate|no matching (?:cipher|host key type|key exchange method) found/,
    text: "it has no SSH algorithm in common with this host",
    retryable: false,
  },
  {
    reason: "banner-timeout",
    pattern: /timed out during banner exchange|banner exchange: .*[Tt]imed out/,
    text: "something accepts connections, but its SSH server does not answer",
    retryable,
  },
  {
    reason: "refused",
    pattern: /Connection refused/,
    text: "nothing listens on its forwarded port",
    retryable,
  },
  {
    reason: "timeout",
    pattern: /Connection timed out|Operation timed out|Timeout, server .* not responding/,
    text: "it does not answer",
    retryable,
  },
  {
    reason: "unreachable",
    pattern: /No route to host|Network is unreachable|Could not resolve hostname/,
    text: "there is no way to it",
    retryable,
  },
  {
    // What QEMU's user network does while the guest's port is still closed.
    reason: "closed",
    pattern: /kex_exchange_identification|ssh_exchange_identification|banner line contains invalid/,
    text: "its SSH server does not listen yet",
    retryable,
  },
  {
    reason: "aborted-handshake",
    pattern: /Connection (?:reset|closed) by|Broken pipe/,
    text: "it closed the connection during the handshake",
    retryable,
  },
];

/** A connection did not come up. */
export class SshConnectError extends GuestError {
  override name = "SshConnectError";
  constructor(
    guest: string,
    readonly reason: SshReason,
    text: string,
    /** Whether another try may succeed. */
    readonly retryable: boolean,
    options: { readonly details?: readonly string[]; readonly next?: string } = {},
  ) {
    super(`Cannot connect to guest "${guest}": ${text}`, options);
  }
}

/** Reads the reason out of what ssh has said. */
export function explainSshOutput(guest: string, stderr: string): SshConnectError {
  const lines = stderr.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  const rule = RULES.find(({ pattern }) => pattern.test(stderr));
  const details = lines.slice(-2).map((line) => `ssh: ${line}`);
  if (rule === undefined) {
    return new SshConnectError(guest, "unknown", "ssh failed", true, { details });
  }
  const { reason, text, next } = rule;
  return new SshConnectError(guest, reason, text, rule.retryable, { details, next });
}
