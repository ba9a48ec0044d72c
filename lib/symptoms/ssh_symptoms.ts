import { READ_CONSOLE, symptoms } from "./symptom.ts";

const role = "consequence" as const;
const retryable = true;

/** Messages of OpenSSH 8.6 to 10. The first match wins. */
export const SSH = symptoms({ where: ["task"], endsBoot: false }, [
  {
    id: "ssh-host-key",
    patterns: [
      /Host key verification failed|HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/,
    ],
    says: "Host key verification failed.",
    ssh: { reason: "host-key", retryable: false },
    title: "it does not have the pinned host key, so it may be another machine",
    cause:
      "Another program is listening on the port, or the checkout's keys changed while the guest " +
      "was running.",
    fix: ["deno task vm-list", "deno task vm-stop --all"],
  },
  {
    id: "ssh-booting",
    patterns: [/System is booting up|pam_nologin/],
    says: "System is booting up.",
    role,
    ssh: { reason: "booting", retryable },
    title: "it is still booting and refuses logins",
    cause: "systemd allows logins late in the boot; the guest did not get that far.",
    fix: [READ_CONSOLE],
  },
  {
    id: "ssh-config",
    patterns: [
      /UNPROTECTED PRIVATE KEY FILE|Load key .*: |no such identity|Bad configuration option|Bad owner/,
    ],
    says: "Load key …",
    ssh: { reason: "config", retryable: false },
    title: "ssh on this host does not accept our key or configuration",
    cause: "The checkout's key was changed or removed, is readable by others, or ssh is too old.",
    fix: ["ls -l .guesthouse/keys", "deno task check --install"],
  },
  {
    id: "ssh-denied",
    patterns: [/Permission denied \(|Too many authentication failures/],
    says: "Permission denied (publickey",
    ssh: { reason: "denied", retryable: false },
    title: "it refuses our key",
    cause: "The key did not reach the guest, or the checkout's keys changed while it was running.",
    fix: ["deno task vm-stop {guest}", "deno task build-vm {guest}"],
  },
  {
    id: "ssh-algorithms",
    patterns: [
      /Unable to negotiate|no matching (?:cipher|host key type|key exchange method) found/,
    ],
    says: "Unable to negotiate with …",
    ssh: { reason: "algorithms", retryable: false },
    title: "it has no SSH algorithm in common with this host",
    cause: "One of the two is much older than the other.",
    fix: ["ssh -V", "deno task check --install"],
  },
  {
    id: "ssh-banner",
    patterns: [/timed out during banner exchange|banner exchange: .*[Tt]imed out/],
    says: "Connection timed out during banner exchange",
    role,
    ssh: { reason: "banner-timeout", retryable },
    title: "something accepts connections, but its SSH server does not answer",
    cause:
      "QEMU accepts connections before the guest does. The guest hangs or is slow, or another " +
      "program uses the port.",
    fix: [READ_CONSOLE, "deno task build-all --jobs 1"],
  },
  {
    id: "ssh-refused",
    patterns: [/Connection refused/],
    says: "ssh: connect to host … port …: Connection refused",
    role,
    ssh: { reason: "refused", retryable },
    title: "nothing listens on its forwarded port",
    cause: "QEMU has ended, or forwards another port.",
    fix: ["deno task vm-list", "less logs/{guest}.qemu.log"],
  },
  {
    id: "ssh-timeout",
    patterns: [/Connection timed out|Operation timed out|Timeout, server .* not responding/],
    says: "Connection timed out",
    role,
    ssh: { reason: "timeout", retryable },
    title: "it does not answer",
    cause: "The guest hangs, its network is down, or the host is too busy.",
    fix: [READ_CONSOLE, "deno task build-all --jobs 1"],
  },
  {
    id: "ssh-unreachable",
    patterns: [/No route to host|Network is unreachable|Could not resolve hostname/],
    says: "No route to host",
    role,
    ssh: { reason: "unreachable", retryable },
    title: "it cannot be reached",
    cause: "The host's own network prevents it: a firewall, or a loopback device that is down.",
    fix: ["ip -br addr", "deno task vm-list"],
  },
  {
    // QEMU's user network does this while the guest's port is still closed.
    id: "ssh-closed",
    patterns: [
      /kex_exchange_identification|ssh_exchange_identification|banner line contains invalid/,
    ],
    says: "kex_exchange_identification: …",
    role,
    ssh: { reason: "closed", retryable },
    title: "its SSH server is not listening yet",
    cause: "QEMU accepts the connection, but the guest's port is closed.",
    fix: [READ_CONSOLE],
  },
  {
    id: "ssh-aborted",
    patterns: [/Connection (?:reset|closed) by|Broken pipe/],
    says: "Connection reset by …",
    role,
    ssh: { reason: "aborted-handshake", retryable },
    title: "it closed the connection during the handshake",
    cause: "The SSH server was starting or ending, or ran out of memory.",
    fix: [READ_CONSOLE],
  },
]);
