import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { GuestError, InterruptedError, WorkError } from "../base/errors.ts";
import { $ } from "../base/process/dollar.ts";
import { haveProgram, sandbox } from "../base/host_testing.ts";
import { pullFiles, pushTree } from "./rsync.ts";
import { loopback, withLoopback } from "./rsync_testing.ts";
import type { SshConnection } from "./ssh.ts";
import { sshConfigText } from "./ssh_config.ts";

// More on the copies themselves: rsync_args_test.ts, and tests/ with real guests.

/** What is left of a connection to a guest that went away. */
async function withLostConnection(
  use: (connection: SshConnection, dir: string) => Promise<void>,
) {
  const dir = await Deno.makeTempDir({ prefix: "gh-sync-" });
  try {
    const configPath = join(dir, "ssh.conf");
    const target = { host: "127.0.0.1", port: 1, user: "ci", key: "/k", knownHosts: "/h" };
    const config = sshConfigText(target, { controlPath: join(dir, "ssh") });
    await Deno.writeTextFile(configPath, config);
    const closed = Promise.resolve("Timeout, server 127.0.0.1 not responding.");
    await use({ ...loopback(), name: "x", configPath, closed }, dir);
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

Deno.test("pullFiles() reports a lost connection, and starts nothing for an empty list", async () => {
  await withLostConnection(async (connection, dir) => {
    const options = { ...{ connection, root: dir, roots: [dir], destDir: join(dir, "out") } };
    await assertRejects(
      () => pullFiles({ ...options, globs: ["ssh.conf"] }),
      GuestError,
      'Cannot copy files out of guest "x": lost connection',
    );
    assertEquals(await pullFiles({ ...options, globs: [] }), {
      ...{ files: [], leftOut: [], unmatched: [], lost: [] },
    });
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

/** How a push and a pull end where the guest's side is this script. */
async function outcomesWith(script: string) {
  await using box = await sandbox({ SECRET_TOKEN: "s", SSH_AUTH_SOCK: "/agent" });
  await using _path = await sandbox({ PATH: `${box.path}:${Deno.env.get("PATH")}` });
  await box.script("ssh", script);
  const connection = { ...loopback(), name: "x", configPath: join(box.path, "conf") };
  const files = { connection, root: box.path, roots: [box.path], destDir: join(box.path, "out") };
  const push = {
    connection,
    sourceDir: box.path,
    guestDir: "/g",
    selection: "everything",
  } as const;
  const errorOf = (work: Promise<unknown>) => work.then(() => undefined, (error) => error);
  return {
    push: await errorOf(pushTree(push)),
    pull: await errorOf(pullFiles({ ...files, globs: ["ssh"] })),
  };
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
    "a guest that speaks of a directory",
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

/** A "guest" that is a directory of this host: its remote shell leads back here. */
async function withHostileGuest(
  script: string,
  use: (guest: Parameters<typeof pullFiles>[0], dir: string) => Promise<void>,
) {
  const path = Deno.env.get("PATH") ?? "";
  await using box = await sandbox();
  await box.script("ssh", 'while [ "$1" != shared ]; do shift; done\nshift\nexec sh -c "$*"');
  await using _path = await sandbox({ PATH: `${box.path}:${path}` });
  const guestDir = join(box.path, "guest");
  await Deno.mkdir(guestDir);
  const { code, stderr } = await $`sh -euc ${script}`.cwd(guestDir).noThrow();
  assertEquals([code, stderr], [0, ""]);
  const destDir = join(box.path, "out/x");
  const search = { root: guestDir, roots: [guestDir], globs: ["**"] };
  await use({ connection: loopback(), destDir, ...search }, box.path);
}

Deno.test("pullFiles() takes files, what links inside lead to, and nothing else of a guest", async () => {
  const script = [
    "mkdir -p d/.git/hooks d/.GIT bare/refs/heads bare/objects/pack closed",
    "touch ok d/.git/config d/.git/hooks/x d/.GIT/config bare/HEAD bare/config bare/refs/heads/x",
    "touch bare/objects/pack/x closed/in secret; mkfifo pipe",
    'ln -s ok fine; ln -s .. d/root; ln -s ../root/../x d/deep; ln -s "$PWD/../canary" abs',
    'ln -s ../../../canary up; ln -s bare/refs again; touch "$(printf "odd\\377")"; ln -s closed dir',
    "ln -s pipe to-pipe; echo x >suid; chmod 6777 suid; ln -s d/.git hidden; ln -s d/.git d/a.git",
    // Another user could not send these.
    '[ "$(id -u)" != 0 ] || chmod 0 secret closed',
  ].join("\n");
  await withHostileGuest(script, async (options, dir) => {
    const { files, leftOut, unmatched, lost } = await pullFiles(options);
    assertEquals(files, [
      ...["again/heads/x", "closed/in", "dir/in", "fine", "hidden/config", "hidden/hooks/x", "ok"],
      ...["secret", "suid"],
    ]);
    assertEquals(unmatched, []);
    assertEquals(leftOut.map(({ path }) => path).sort(), [
      ...["bare/HEAD", "bare/config", "bare/objects/pack/x", "bare/refs/heads/x"],
      ...["d/.GIT/config", "d/.git/config", "d/.git/hooks/x", "odd\ufffd"],
    ]);
    const target = (path: string, of: string) =>
      `${JSON.stringify(join(options.root, path))} -> ${JSON.stringify(of)}`;
    assertEquals(lost.toSorted(), [
      target("abs", `${options.root}/../canary`),
      target("d/a.git", "d/.git"),
      target("d/deep", "../root/../x"),
      target("to-pipe", "pipe"),
      target("up", "../../../canary"),
    ]);
    const mode = async (path: string) =>
      (await Deno.stat(join(options.destDir, path))).mode! & 0o7777;
    assertEquals(await mode("suid") & 0o7022, 0);
    for (const path of ["closed/in", "secret"]) assertEquals(await mode(path) & 0o600, 0o600);
    for (const path of files) assert((await Deno.lstat(join(options.destDir, path))).isFile);
    // Nothing of what was left out is anywhere, nor is the place where it was looked at.
    const all = await $`find ${join(dir, "out")} ${"!"} -type d -printf ${"%P\n"}`;
    const found = all.stdout.trim().split("\n").sort();
    assertEquals(found, files.map((path) => `x/${path}`));
    assertEquals(await Deno.stat(join(dir, "canary")).catch(() => undefined), undefined);
  });
});

Deno.test("pullFiles() asks for the size before it copies anything", async () => {
  await withLoopback(async (env, dir) => {
    await using _env = await sandbox(env);
    const [guestDir, destDir] = [join(dir, "guest"), join(dir, "out")];
    await Deno.mkdir(guestDir);
    await Deno.writeTextFile(join(guestDir, "first"), "x");
    await Deno.writeTextFile(join(guestDir, "large"), "x".repeat(5000));
    const search = { root: guestDir, roots: [guestDir], globs: ["*"] };
    const options = { connection: loopback(), destDir, ...search };
    const error = await assertRejects(
      () => pullFiles({ ...options, room: { limitBytes: 5000, action: "copy artifacts from x" } }),
      WorkError,
      "Cannot copy artifacts from x: it is 4.9 KiB, and 4.9 KiB are allowed",
    );
    assertEquals(error.exit, 1);
    assertEquals(await Array.fromAsync(Deno.readDir(destDir)), []);
    const { files } = await pullFiles({ ...options, room: { limitBytes: 5001 } });
    assertEquals(files, ["first", "large"]);
  });
});

Deno.test("pullFiles() does not believe a guest that says the host's disk is full", async () => {
  await withLoopback(async (env, dir) => {
    const [guestDir, destDir] = [join(dir, "guest"), join(dir, "out")];
    await Deno.mkdir(guestDir);
    await Deno.writeTextFile(join(guestDir, "large"), "x");
    await using box = await sandbox(env);
    // The words of rsync 3.2.7 when its receiver has no room.
    const said = 'rsync: [receiver] write failed on "/out/large": No space left on device (28)';
    await box.script("rsync", `echo '${said}' >&2; exit 11`);
    Deno.env.set("PATH", `${box.path}:${env.PATH}`);
    const error = await assertRejects(
      () =>
        pullFiles({
          ...{ connection: loopback(), destDir },
          ...{ root: guestDir, roots: [guestDir], globs: ["*"] },
        }),
      WorkError,
      "rsync exited with status 11",
    );
    assertEquals(error.details, [said]);
  });
});
