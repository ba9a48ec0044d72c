import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { run } from "../host/process.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { prepareSync, type SyncOptions } from "./sync.ts";
import { planLines } from "./sync_plan.ts";

/**
 * A "guest" that is another folder of this host: rsync's remote shell leads back here, and commands
 * run here.
 */
async function withLoopback(use: (options: SyncOptions) => Promise<void>) {
  const dir = await Deno.makeTempDir({ prefix: "gh-sync-" });
  const path = Deno.env.get("PATH") ?? "";
  try {
    for (const name of ["bin", "my host", "gue st", "state"]) await Deno.mkdir(join(dir, name));
    const script = '#!/bin/sh\nwhile [ "$1" != shared ]; do shift; done\nshift\nexec sh -c "$*"\n';
    await Deno.writeTextFile(join(dir, "bin/ssh"), script, { mode: 0o755 });
    Deno.env.set("PATH", `${join(dir, "bin")}:${path}`);
    const ssh: Pick<SshConnection, "name" | "configPath" | "closed" | "exec"> = {
      name: "loopback",
      configPath: "/none",
      closed: new Promise(() => {}),
      async exec(argv, options = {}) {
        const result = await run(argv, { cwd: options.cwd, stdin: options.stdin });
        options.onOutput?.(result.stdout, "stdout");
        return { code: result.code };
      },
    };
    await use({
      ssh: ssh as SshConnection,
      hostDir: join(dir, "my host"),
      guestDir: join(dir, "gue st"),
      stateDir: join(dir, "state"),
      readOnly: false,
    });
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(dir, { recursive: true });
  }
}

async function write(dir: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(dir, path)), { recursive: true });
    await Deno.writeTextFile(join(dir, path), text);
  }
}

const read = (dir: string, path: string) =>
  Deno.readTextFile(join(dir, path)).catch(() => undefined);

async function sync(options: SyncOptions): Promise<{ lines: string[]; backup?: string }> {
  const prepared = await prepareSync(options);
  const backup = await prepared.run();
  return { lines: planLines(prepared.plan), ...(backup === undefined ? {} : { backup }) };
}

Deno.test("prepareSync() copies both ways, and then finds both sides equal", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    await write(hostDir, { "src/a b.c": "a", "-x\nü": "odd", ".gitignore": "target/\n" });
    await Deno.chmod(join(hostDir, "src/a b.c"), 0o755);
    await Deno.symlink("src", join(hostDir, "link"));
    await write(guestDir, { "out/log": "from the guest", "target/big.o": "never copied" });
    assertEquals((await sync(options)).lines, [
      ...["to the guest: 4", "  -x\\nü", "  .gitignore", "  link", "  src/a b.c"],
      ...["to the host: 1", "  out/log"],
    ]);
    assertEquals(await read(guestDir, "-x\nü"), "odd");
    assertEquals((await Deno.stat(join(guestDir, "src/a b.c"))).mode! & 0o111, 0o111);
    assertEquals(await Deno.readLink(join(guestDir, "link")), "src");
    assertEquals(await read(hostDir, "out/log"), "from the guest");
    assertEquals(await read(hostDir, "target/big.o"), undefined);
    assertEquals((await sync(options)).lines, ["both sides are equal"]);
  });
});

Deno.test("prepareSync() deletes nothing on the host, and keeps what it overwrites", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    await write(hostDir, { a: "a", b: "b", c: "c", d: "d" });
    await sync(options);
    await Deno.remove(join(hostDir, "a"));
    await Deno.remove(join(guestDir, "b"));
    await write(guestDir, { c: "c of the guest", d: "d of the guest" });
    await write(hostDir, { d: "d of the host" });
    const { lines, backup } = await sync(options);
    assertEquals(lines, [
      ...["to the host: 1", "  c", "removed from the guest: 1", "  a"],
      ...["back to the guest, which had removed them: 1", "  b"],
      ...["changed on both sides, left alone: 1", "  d"],
    ]);
    assertEquals(await read(backup ?? "", "c"), "c");
    assertEquals(await read(guestDir, "a"), undefined);
    const after = await Promise.all(["b", "c", "d"].map((path) => read(hostDir, path)));
    assertEquals(after, ["b", "c of the guest", "d of the host"]);
    assertEquals(await read(guestDir, "d"), "d of the guest");
    assertEquals((await sync(options)).lines, ["changed on both sides, left alone: 1", "  d"]);
  });
});

Deno.test("prepareSync() gives the guest the repository, and takes no part of it back", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir } = options;
    // The name of a branch may be one that is left out elsewhere.
    await write(hostDir, { ".git/refs/heads/build/x": "1", ".git/index": "i", "build/x.o": "" });
    await sync(options);
    assertEquals(await read(guestDir, ".git/refs/heads/build/x"), "1");
    assertEquals(await read(guestDir, "build/x.o"), undefined);
    await write(guestDir, { ".git/refs/heads/build/x": "2", ".git/index": "of the guest" });
    await write(hostDir, { ".git/index": "of the host" });
    assertEquals((await sync(options)).lines, [
      ...["to the guest: 1", "  .git/index"],
      ...["changed in the guest, left there: 1", "  .git/refs/heads/build/x"],
    ]);
    assertEquals(await read(hostDir, ".git/refs/heads/build/x"), "1");
    assertEquals(await read(guestDir, ".git/index"), "of the host");
  });
});

Deno.test("prepareSync() writes nothing until it is run", async () => {
  await withLoopback(async (options) => {
    await write(options.hostDir, { a: "a" });
    await write(options.guestDir, { b: "b" });
    const { plan } = await prepareSync(options);
    assertEquals([plan.push, plan.pull], [["a"], ["b"]]);
    assertEquals([await read(options.guestDir, "a"), await read(options.hostDir, "b")], [
      undefined,
      undefined,
    ]);
    assertEquals(await Array.fromAsync(Deno.readDir(options.stateDir)), []);
  });
});

Deno.test("prepareSync() follows no link out of the host's folder", async () => {
  await withLoopback(async (options) => {
    const { hostDir, guestDir, stateDir } = options;
    await Deno.symlink(stateDir, join(hostDir, "way"));
    await write(guestDir, { "way/planted": "x" });
    await Deno.symlink("/etc/passwd", join(guestDir, "secret"));
    const { lines } = await sync(options);
    assertEquals(lines.includes("  way/planted"), true);
    const planted = await Array.fromAsync(Deno.readDir(stateDir), ({ name }) => name);
    assertEquals(planted.includes("planted"), false);
    assertEquals((await Deno.lstat(join(hostDir, "way"))).isSymlink, true);
    await Deno.lstat(join(hostDir, "secret")).then(
      () => Promise.reject(new Error("a link out of the folder came to the host")),
      () => {},
    );
  });
});

Deno.test("prepareSync() takes a broken memory for none, which loses nothing", async () => {
  await withLoopback(async (options) => {
    await write(options.hostDir, { a: "a" });
    await sync(options);
    await write(options.stateDir, { "sync.json": '{"host": 1, "marks": 3' });
    await write(options.guestDir, { a: "changed" });
    assertEquals((await sync(options)).lines, ["changed on both sides, left alone: 1", "  a"]);
  });
});
