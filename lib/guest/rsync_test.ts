import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { GuestError, InterruptedError } from "../cli/errors.ts";
import { pullFiles, pushTree } from "./rsync.ts";
import { haveProgram, sandbox } from "../host/testing.ts";
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

const NEVER = new Promise<string>(() => {});

/** How a push and a pull end where the guest's side is this script. */
async function outcomesWith(script: string) {
  await using box = await sandbox({ SECRET_TOKEN: "s", SSH_AUTH_SOCK: "/agent" });
  await using _path = await sandbox({ PATH: `${box.path}:${Deno.env.get("PATH")}` });
  await box.script("ssh", script);
  const connection = { name: "x", configPath: join(box.path, "conf"), closed: NEVER };
  const files = { connection, guestDir: "/g", destDir: join(box.path, "out"), globs: ["*"] };
  const push = {
    connection,
    sourceDir: box.path,
    guestDir: "/g",
    selection: "everything",
  } as const;
  const errorOf = (work: Promise<unknown>) => work.then(() => undefined, (error) => error);
  return { push: await errorOf(pushTree(push)), pull: await errorOf(pullFiles(files)) };
}

/** Reads what rsync sends first, so that it does not notice our end before our status. */
const LISTEN = "head -c 1 >/dev/null";

const faults: [what: string, script: string, message: string, status: number, next: boolean][] = [
  [
    "a guest without rsync",
    "echo 'sh: 1: rsync: not found' >&2; exit 127",
    "it cannot run rsync",
    4,
    true,
  ],
  [
    "a guest that speaks of a full disk",
    "echo 'No space left on device' >&2; exit 1",
    "its rsync broke off",
    4,
    false,
  ],
  [
    "a guest that speaks of a folder",
    `echo 'rsync: change_dir "/g" failed: No such file or directory (2)' >&2; exit 1`,
    "its rsync broke off",
    4,
    false,
  ],
];
for (const [what, script, message, status, next] of faults) {
  Deno.test({
    name: `pushTree() and pullFiles() judge ${what} by rsync's status before its words`,
    ignore: !haveProgram("rsync"),
    async fn() {
      const { push, pull } = await outcomesWith(`${LISTEN}; ${script}`);
      for (const error of [push, pull]) {
        assertEquals(error.message.split(": ").at(-1), message);
        assertEquals([error.exit, error.next !== undefined], [status, next]);
      }
    },
  });
}

Deno.test({
  name: "rsync and the ssh that it starts get no secrets",
  ignore: !haveProgram("rsync"),
  async fn() {
    const { push } = await outcomesWith(
      `${LISTEN}; env | grep -E "SECRET|SSH_AUTH|^HOME" >&2; exit 9`,
    );
    const named = push.details.filter((line: string) => /^\w+=/.test(line));
    assertEquals(named, [`HOME=${Deno.env.get("HOME")}`]);
  },
});

Deno.test({
  name: "pullFiles() keeps a tail of what a guest says without end, as plain text",
  ignore: !haveProgram("rsync"),
  async fn() {
    const flood =
      "yes | tr -d '\\n' | head -c 20000000 >&2; printf '\\033]0;t\\007end\\n' >&2; exit 9";
    const { pull } = await outcomesWith(`${LISTEN}; ${flood}`);
    const longest = Math.max(...pull.details.map((line: string) => line.length));
    assertEquals([longest < 5000, pull.details.some((line: string) => line.includes("\x1b"))], [
      true,
      false,
    ]);
  },
});
