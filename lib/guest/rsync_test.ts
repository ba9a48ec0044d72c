import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { GuestError, InterruptedError } from "../cli/errors.ts";
import { pullFiles, pushTree } from "./rsync.ts";
import { sshConfigText } from "./ssh_config.ts";

// The copies themselves: rsync_args_test.ts, and tests/ with real guests.

/** What is left of a connection to a guest that went away. */
async function withLostConnection(
  use: (connection: Parameters<typeof pushTree>[0]["connection"], dir: string) => Promise<void>,
) {
  const dir = await Deno.makeTempDir({ prefix: "gh-sync-" });
  try {
    const configPath = join(dir, "ssh.conf");
    const target = { host: "127.0.0.1", port: 1, user: "ci", key: "/k", knownHosts: "/h" };
    const config = sshConfigText(target, { controlPath: join(dir, "ssh") });
    await Deno.writeTextFile(configPath, config);
    const closed = Promise.resolve("Timeout, server 127.0.0.1 not responding.");
    await use({ name: "x", configPath, closed }, dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("pushTree() reports a lost connection with ssh's last words", async () => {
  await withLostConnection(async (connection, dir) => {
    const options = {
      connection,
      sourceDir: dir,
      guestDir: "/g",
      selection: "everything",
    } as const;
    const error = await assertRejects(
      () => pushTree(options),
      GuestError,
      `Cannot copy "${dir}" into guest "x": lost connection`,
    );
    assertEquals(error.details, ["ssh: Timeout, server 127.0.0.1 not responding."]);
    assertEquals(error.exit, 4);
  });
});

Deno.test("pullFiles() reports a lost connection, and asks nobody for nothing", async () => {
  await withLostConnection(async (connection, dir) => {
    const options = { connection, guestDir: "/g", destDir: join(dir, "out") };
    await assertRejects(
      () => pullFiles({ ...options, globs: ["*"] }),
      GuestError,
      'Cannot copy files out of guest "x": lost connection',
    );
    assertEquals(await pullFiles({ ...options, globs: [] }), { files: [], unmatched: [] });
  });
});

Deno.test("pushTree() throws the reason of its signal", async () => {
  await withLostConnection(async (connection, dir) => {
    const signal = AbortSignal.abort(new InterruptedError());
    await assertRejects(
      () =>
        pushTree({ connection, sourceDir: dir, guestDir: "/g", selection: "everything", signal }),
      InterruptedError,
    );
  });
});
