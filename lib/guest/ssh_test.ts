import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { GuestError, HostError, InterruptedError } from "../base/errors.ts";
import { $ } from "../base/process/dollar.ts";
import { sandbox } from "../base/host_testing.ts";
import { connectSsh, joinSsh } from "./ssh.ts";
import { knownHostsLine } from "./ssh_config.ts";
import { SshConnectError, type SshReason } from "./ssh_failure.ts";

// The tests with a real server are those with real guests, in tests/.

/** A directory with a key, as a run has it, and what connects from there to `port`. */
async function withTarget(
  use: (connect: (port: number, more?: object) => Promise<unknown>, dir: string) => Promise<void>,
) {
  const dir = await Deno.makeTempDir({ prefix: "gh-ssh-" });
  try {
    const key = join(dir, "key");
    await $`ssh-keygen -q -t ed25519 -N ${""} -f ${key}`;
    const knownHosts = join(dir, "known_hosts");
    await Deno.writeTextFile(knownHosts, knownHostsLine(await Deno.readTextFile(`${key}.pub`)));
    const controlPath = join(dir, "s/ssh");
    await use((port, more) =>
      connectSsh({
        ...{ name: "x", host: "127.0.0.1", port, user: "ci", key, knownHosts, controlPath },
        ...more,
      }), dir);
    // Whatever happened, the socket directory is clean again.
    const left = await Array.fromAsync(Deno.readDir(join(dir, "s"))).catch(() => []);
    assertEquals(left, []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** A server that treats each connection as `serve` does, and the port it listens on. */
function serveTcp(serve: (conn: Deno.TcpConn) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const done = (async () => {
    for await (const conn of listener) await serve(conn).catch(() => {});
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await done.catch(() => {});
    },
  };
}

async function refusal(connecting: Promise<unknown>, reason: SshReason): Promise<void> {
  const error = await assertRejects(() => connecting, SshConnectError);
  assertEquals([error.reason, error.retryable], [reason, true], error.details.join("\n"));
}

Deno.test("connectSsh() tells a closed port from a server that is not up", async () => {
  await withTarget(async (connect) => {
    const port = await (async () => {
      await using server = serveTcp(() => Promise.resolve());
      return server.port;
    })();
    await refusal(connect(port), "refused");
    await using hangsUp = serveTcp((conn) => Promise.resolve(conn.close()));
    await refusal(connect(hangsUp.port), "closed");
    await using notSsh = serveTcp(async (conn) => {
      await conn.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
      conn.close();
    });
    await refusal(connect(notSsh.port), "closed");
  });
});

Deno.test("connectSsh() reports a silent server after its deadline", async () => {
  await withTarget(async (connect) => {
    const conns: Deno.TcpConn[] = [];
    await using silent = serveTcp((conn) => Promise.resolve(void conns.push(conn)));
    await refusal(connect(silent.port, { deadlineMs: 2000 }), "banner-timeout");
    for (const conn of conns) conn.close();
  });
});

Deno.test("connectSsh() gives up at once when interrupted", async () => {
  await withTarget(async (connect) => {
    const controller = new AbortController();
    const reason = new InterruptedError();
    const conns: Deno.TcpConn[] = [];
    await using silent = serveTcp((conn) => {
      conns.push(conn);
      controller.abort(reason);
      return Promise.resolve();
    });
    const connecting = connect(silent.port, { signal: controller.signal, deadlineMs: 3_600_000 });
    assertStrictEquals(await assertRejects(() => connecting), reason);
    for (const conn of conns) conn.close();
  });
});

Deno.test("connectSsh() refuses a control path that leaves no room for ssh's suffix", async () => {
  await withTarget(async (connect, dir) => {
    const controlPath = join(dir, "x".repeat(90 - dir.length));
    await assertRejects(
      () => connect(1, { controlPath }),
      HostError,
      "its path takes 108 bytes, and 103 are possible",
    );
  });
});

Deno.test("connectSsh() and what runs over the connection give ssh no secrets", async () => {
  await withTarget(async (connect, dir) => {
    await using box = await sandbox({ SECRET_TOKEN: "s", SSH_AUTH_SOCK: "/agent", GIT_SSH: "/s" });
    // Says on stderr, and where ssh logs, which of them it has.
    const script = `set -- "$@" "" ""
found=$(env | grep -E '^(SECRET_TOKEN|SSH_AUTH_SOCK|GIT_SSH|HOME)=' | cut -d= -f1 | tr '\\n' ' ')
while [ "$1" != -E ] && [ $# -gt 1 ]; do shift; done
[ "$1" != -E ] || echo "has $found" >>"$2"
echo "has $found" >&2
exit 255`;
    await box.script("ssh", script);
    await using _path = await sandbox({ PATH: `${box.path}:${Deno.env.get("PATH")}` });
    const master = await assertRejects(() => connect(1), SshConnectError);
    assertEquals(master.details, ["ssh: has HOME"]);
    const client = await assertRejects(() => joinSsh("x", join(dir, "c")).exec(["ls"]), GuestError);
    assertEquals(client.details[0], "has HOME");
  });
});

Deno.test("connectSsh() tells ssh's messages from those of the guest, however many", async () => {
  await withTarget(async (connect) => {
    await using box = await sandbox();
    const script = `while [ "$1" != -E ]; do shift; done
echo "Connection closed by 127.0.0.1 port 4" >>"$2"
yes "Host key verification failed." | head -c 10000000 >&2
exit 255`;
    await box.script("ssh", script);
    await using _path = await sandbox({ PATH: `${box.path}:${Deno.env.get("PATH")}` });
    await refusal(connect(1), "aborted-handshake");
  });
});
