import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { run } from "../base/process/run.ts";
import { sandbox } from "../base/host_testing.ts";
import { pullFiles } from "./rsync.ts";
import { pullListArgs, pushArgs, rsyncShell } from "./rsync_args.ts";
import { parseStats } from "./rsync_output.ts";
import { loopback, withLoopback } from "./rsync_testing.ts";

Deno.test("pushArgs() is the whole command", () => {
  assertEquals(
    pushArgs({
      sshConfig: "/run/ssh.conf",
      sourceDir: "/home/me/project/",
      guestDir: "/home/ci/source",
      selection: "everything",
    }),
    [
      ...["rsync", "-s", "--rsh"],
      "ssh -F '/run/ssh.conf' -T -o LogLevel=ERROR",
      ...["--links", "--times", "--whole-file", "--perms", "--mkpath", "--stats"],
      ...["--no-human-readable", "--delete-during", "--recursive"],
      ...["/home/me/project/", "shared:/home/ci/source/"],
    ],
  );
});

Deno.test("pushArgs() takes a list of files, some of which may be missing", () => {
  const args = pushArgs({
    sshConfig: "/c",
    sourceDir: "/s",
    guestDir: "/g",
    selection: { filesFrom: "/run/list" },
  });
  assertEquals(args.slice(-5), [
    "--ignore-missing-args",
    "--from0",
    "--files-from=/run/list",
    "/s/",
    "shared:/g/",
  ]);
  assertEquals(args.includes("--recursive"), false);
});

Deno.test("pushArgs() and pullListArgs() refuse a relative directory, which could be an option", () => {
  const options = { sshConfig: "/c", sourceDir: "-e", guestDir: "/g", selection: "everything" };
  assertThrows(
    () => pushArgs(options as Parameters<typeof pushArgs>[0]),
    RangeError,
    '"-e" is not an absolute path',
  );
  assertThrows(
    () =>
      pullListArgs({
        ...{ sshConfig: "/c", links: "kept", guestDir: "~", destDir: "/d", filesFrom: "/l" },
      }),
    RangeError,
    '"~" is not an absolute path',
  );
});

Deno.test("pullListArgs() makes no links of a guest's where links are followed", () => {
  const list = { sshConfig: "/c", guestDir: "/g", destDir: "/d", filesFrom: "/l" };
  const args = pullListArgs({ ...list, links: "followed" });
  assertEquals([args.includes("--links"), args.includes("--copy-links")], [false, true]);
});

Deno.test("rsyncShell() doubles quotes, which is how rsync reads them", () => {
  assertEquals(rsyncShell("/a 'b'/c"), "ssh -F '/a ''b''/c' -T -o LogLevel=ERROR");
});

async function tree(dir: string, base = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(dir, base))) {
    const path = base === "" ? name : `${base}/${name}`;
    if (isDirectory) names.push(...await tree(dir, path));
    else names.push(path);
  }
  return names.sort();
}

const ODD_NAMES = ["-n", "a b/-d/-f", "new\nline", "q'\"$(id)", "ü", "back\\slash", "plain.txt"];

async function makeTree(dir: string) {
  for (const name of ODD_NAMES) {
    await Deno.mkdir(join(dir, name, ".."), { recursive: true });
    await Deno.writeTextFile(join(dir, name), name);
  }
  await Deno.symlink("loop", join(dir, "loop"));
  await Deno.symlink("..", join(dir, "up"));
}

Deno.test("rsync copies odd names, links and directories with the arguments of pushArgs()", async () => {
  await withLoopback(async (env, dir) => {
    const source = join(dir, "-e 'p\"\n:x");
    const guest = join(dir, "guest/$(id) 'g'\n");
    const sshConfig = join(dir, "con 'f\" ig");
    await makeTree(source);
    const push = async () => {
      const { code, stdout, stderr } = await run(
        pushArgs({
          sshConfig,
          sourceDir: source,
          guestDir: guest,
          selection: "everything",
        }),
        { env },
      );
      assertEquals([code, stderr], [0, ""]);
      return parseStats(stdout);
    };
    const bytes = ODD_NAMES.reduce((sum, name) => sum + new TextEncoder().encode(name).length, 0);
    assertEquals(await push(), { files: ODD_NAMES.length, bytes });
    assertEquals(await Deno.readTextFile(env.SEEN ?? ""), sshConfig);
    assertEquals(await tree(guest), [...ODD_NAMES, "loop", "up"].sort());
    assertEquals(await Deno.readLink(join(guest, "up")), "..");
    assertEquals(await push(), { files: 0, bytes: 0 });

    await Deno.remove(join(source, "plain.txt"));
    await push();
    assertEquals((await tree(guest)).includes("plain.txt"), false);
  });
});

Deno.test("rsync sends exactly the listed files with the arguments of pushArgs()", async () => {
  await withLoopback(async (env, dir) => {
    const source = join(dir, "source");
    await makeTree(source);
    const list = join(dir, "list");
    const listed = ["-n", "new\nline", "a b/-d/-f", "loop"];
    await Deno.writeTextFile(list, listed.map((name) => `${name}\0`).join(""));
    const guestDir = join(dir, "guest");
    const selection = { filesFrom: list };
    const command = pushArgs({ sshConfig: "/c", sourceDir: source, guestDir, selection });
    const { code, stderr } = await run(command, { env });
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await tree(guestDir), listed.sort());
  });
});

Deno.test("rsync brings back the listed files with the arguments of pullListArgs()", async () => {
  await withLoopback(async (env, dir) => {
    const guestDir = join(dir, "gue st");
    await makeTree(guestDir);
    await Deno.symlink("/etc/hostname", join(guestDir, "escape"));
    const destDir = join(dir, "out");
    await Deno.mkdir(destDir);
    const filesFrom = join(dir, "li st");
    const wanted = ["a b/-d/-f", "back\\slash", "escape", "loop", "new\nline", "ü"];
    await Deno.writeTextFile(filesFrom, wanted.map((path) => `${path}\0`).join(""));
    const list = { sshConfig: "/c", guestDir, links: "kept", destDir, filesFrom } as const;
    const { code, stderr } = await run(pullListArgs(list), { env });
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await tree(destDir), wanted);
    // Nothing can be written through a link that came.
    for (const [link, target] of [["loop", "loop"], ["escape", "/etc/hostname"]] as const) {
      assertEquals(await Deno.readLink(join(destDir, link)), `/rsyncd-munged/${target}`);
    }
  });
});

Deno.test("pullFiles() brings back what globs match, and names those that match nothing", async () => {
  await withLoopback(async (env, dir) => {
    const guestDir = join(dir, "gue st");
    await makeTree(guestDir);
    await Deno.symlink("/etc/hostname", join(guestDir, "escape"));
    const destDir = join(dir, "out");
    const globs = ["**/-f", "new*", "ü", "back\\\\slash", "loop", "escape", "none/*"];
    await using _env = await sandbox(env);
    const search = { root: guestDir, roots: [guestDir], globs };
    const pulled = await pullFiles({ connection: loopback(), destDir, ...search });
    assertEquals(pulled.files, ["a b/-d/-f", "back\\slash", "new\nline", "ü"]);
    assertEquals(pulled.unmatched, ["loop", "escape", "none/*"]);
    assertEquals(pulled.lost, [
      `${JSON.stringify(join(guestDir, "escape"))} -> "/etc/hostname"`,
      `${JSON.stringify(join(guestDir, "loop"))} -> "loop"`,
    ]);
    assertEquals(await tree(destDir), pulled.files);
  });
});

Deno.test("pullFiles() brings a file of 1 GiB of holes in few blocks, and claims no room for them", async () => {
  await withLoopback(async (env, dir) => {
    const root = join(dir, "guest");
    const destDir = join(dir, "out");
    await Deno.mkdir(root);
    await Deno.writeTextFile(join(root, "sparse"), "begin");
    await Deno.truncate(join(root, "sparse"), 2 ** 30);
    await using _env = await sandbox(env);
    const search = { root, roots: [root], globs: ["sparse"], room: { limitBytes: 2 ** 20 } };
    await pullFiles({ connection: loopback(), destDir, ...search });
    const { size, blocks } = await Deno.stat(join(destDir, "sparse"));
    assertEquals([size, (blocks ?? 0) * 512 < 2 ** 20], [2 ** 30, true]);
  });
});
