import { assertEquals } from "@std/assert";
import { formatError } from "../base/errors.ts";
import { explainSshOutput, type SshReason } from "./ssh_failure.ts";

/** What OpenSSH 9.2 printed against a real server, or against a program that was none. */
const cases: [stderr: string, reason: SshReason, text: string, retryable: boolean][] = [
  [
    "ssh: connect to host 127.0.0.1 port 2298: Connection refused\r\n",
    "refused",
    "nothing listens on its forwarded port",
    true,
  ],
  [
    "Connection timed out during banner exchange\r\nConnection to 127.0.0.1 port 4 timed out\r\n",
    "banner-timeout",
    "something accepts connections, but its SSH server does not answer",
    true,
  ],
  [
    "kex_exchange_identification: Connection closed by remote host\r\n" +
    "Connection closed by 127.0.0.1 port 37021\r\n",
    "closed",
    "its SSH server is not listening yet",
    true,
  ],
  [
    "kex_exchange_identification: read: Connection reset by peer\r\n" +
    "Connection reset by 127.0.0.1 port 2222\r\n",
    "closed",
    "its SSH server is not listening yet",
    true,
  ],
  [
    "Connection closed by 127.0.0.1 port 41409\r\n",
    "aborted-handshake",
    "it closed the connection during the handshake",
    true,
  ],
  [
    "ssh: connect to host 10.0.2.15 port 22: Connection timed out\r\n",
    "timeout",
    "it does not answer",
    true,
  ],
  [
    "ssh: connect to host 10.0.2.15 port 22: No route to host\r\n",
    "unreachable",
    "it cannot be reached",
    true,
  ],
  [
    '"System is booting up. Unprivileged users are not permitted to log in yet. ' +
    'Please come back later."\r\nConnection closed by 127.0.0.1 port 4\r\n',
    "booting",
    "it is still booting and refuses logins",
    true,
  ],
  [
    "root@127.0.0.1: Permission denied (publickey,password,keyboard-interactive).\r\n",
    "denied",
    "it refuses our key",
    false,
  ],
  [
    'Load key "/keys/client": invalid format\r\nci@127.0.0.1: Permission denied (publickey).\r\n',
    "config",
    "ssh on this host does not accept our key or configuration",
    false,
  ],
  [
    "no such identity: /tmp/none: No such file or directory\r\n" +
    "root@127.0.0.1: Permission denied (publickey,password).\r\n",
    "config",
    "ssh on this host does not accept our key or configuration",
    false,
  ],
  [
    "No ED25519 host key is known for guesthouse-guest and you have requested strict checking.\r\n" +
    "Host key verification failed.\r\n",
    "host-key",
    "it does not have the pinned host key, so it may be another machine",
    false,
  ],
  [
    "Unable to negotiate with 127.0.0.1 port 4: no matching host key type found. " +
    "Their offer: ssh-rsa\r\n",
    "algorithms",
    "it has no SSH algorithm in common with this host",
    false,
  ],
  ["something new\r\n", "unknown", "ssh failed", true],
];

for (const [stderr, reason, text, retryable] of cases) {
  Deno.test(`explainSshOutput() finds ${reason} in ${JSON.stringify(stderr.slice(0, 50))}`, () => {
    const error = explainSshOutput("x", stderr);
    assertEquals([error.reason, error.retryable, error.exit], [reason, retryable, 4]);
    assertEquals(error.message, `Cannot connect to guest "x": ${text}`);
  });
}

Deno.test("explainSshOutput() shows ssh's own last words", () => {
  const stderr = "1\r\n2\r\nHost key verification failed.\r\n";
  assertEquals(
    formatError(explainSshOutput("x", stderr)),
    'Cannot connect to guest "x": it does not have the pinned host key, ' +
      "so it may be another machine\n" +
      "  ssh: 2\n  ssh: Host key verification failed.\n  next: deno task vm-list",
  );
});

Deno.test("explainSshOutput() learns only from the guest's banner that it is still booting", () => {
  const closed = "Connection closed by 127.0.0.1 port 4\r\n";
  const cases: [words: string, banner: string, reason: SshReason][] = [
    [closed, "System is booting up. Please come back later.\n", "booting"],
    [closed, "Host key verification failed.\n", "aborted-handshake"],
    [
      closed,
      'Load key "/k": invalid format\nPermission denied (publickey).\n',
      "aborted-handshake",
    ],
    ["Host key verification failed.\r\n", "System is booting up.\n", "host-key"],
    ["Received disconnect from 127.0.0.1 port 4:2: Permission denied (x)\r\n", "", "unknown"],
  ];
  for (const [words, banner, reason] of cases) {
    assertEquals(explainSshOutput("x", words, banner).reason, reason, `${words}${banner}`);
  }
});
