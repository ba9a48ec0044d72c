import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { formatError, InterruptedError, TaskError } from "../../base/errors.ts";
import { $ } from "../../base/process/dollar.ts";
import { run } from "../../base/process/run.ts";
import { haveProgram, sandbox } from "../../base/host_testing.ts";
import { diskCommands, makeDisk, type RootTree, unpackTree } from "./file_systems.ts";

/** Without root the tree is unpacked in a user namespace, which not every host allows. */
const canUnpack = Deno.uid() === 0 || (haveProgram("unshare") &&
  await $`unshare --user --map-root-user --map-auto true`.code() === 0);
const needsTar = { ignore: !canUnpack || !haveProgram("tar") };
const needsDisk = {
  ignore: needsTar.ignore || !["mke2fs", "qemu-img", "debugfs", "e2fsck"].every(haveProgram),
};

/** A small root file system as a tar file: owners, modes, links and a device of its own. */
async function makeTar(dir: string): Promise<string> {
  const source = join(dir, "source");
  const tar = join(dir, "root file system.tar");
  for (const dir of ["etc", "home/ci", "usr/bin", "dev"]) {
    await Deno.mkdir(join(source, dir), { recursive: true });
  }
  const write = async (path: string, text: string, mode: number) => {
    await Deno.writeTextFile(join(source, path), text);
    await Deno.chmod(join(source, path), mode);
  };
  await write("etc/shadow", "root:*\n", 0o640);
  await write("home/ci/notes", "mine\n", 0o600);
  await write("usr/bin/sudo", "binary\n", 0o4755);
  await write("dev/console", "", 0o600);
  await Deno.symlink("usr/bin", join(source, "bin"));
  for (const dir of ["", "etc", "home", "usr", "usr/bin", "dev"]) {
    await Deno.chmod(join(source, dir), 0o755);
  }
  await Deno.chmod(join(source, "home/ci"), 0o700);
  const add = async (mode: string, owner: string, group: string, ...paths: string[]) => {
    const options = [`--owner=${owner}`, `--group=${group}`, "--numeric-owner", "--no-recursion"];
    const { code, stderr } =
      await $`tar ${mode} --file ${tar} --directory ${source} ${options} ${paths}`.noThrow();
    assertEquals(code, 0, stderr);
  };
  await add("--create", "0", "0", ...["./", "./etc", "./home", "./usr", "./usr/bin", "./bin"]);
  await add("--append", "0", "0", ...["./usr/bin/sudo", "./dev", "./dev/console"]);
  await add("--append", "0", "42", "./etc/shadow");
  await add("--append", "1000", "1000", "./home/ci", "./home/ci/notes");
  return tar;
}

const namesIn = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();

/** Mode, owner and group of a path, as the tree's own users see it. */
async function statInside(tree: RootTree, path: string): Promise<string> {
  const { stdout } = await run(tree.inside(["stat", "-c", "%a %u %g", join(tree.path, path)]));
  return stdout.trim();
}

Deno.test({
  name: "unpackTree() keeps owners and modes, omits devices, and removes the tree when disposed",
  ...needsTar,
  async fn() {
    await using box = await sandbox();
    const tar = await makeTar(box.path);
    const parent = join(box.path, "parent");
    await Deno.mkdir(parent);
    {
      await using tree = await unpackTree(tar, parent);
      assertEquals(await statInside(tree, "etc/shadow"), "640 0 42");
      assertEquals(await statInside(tree, "home/ci"), "700 1000 1000");
      assertEquals(await statInside(tree, "home/ci/notes"), "600 1000 1000");
      assertEquals(await statInside(tree, "usr/bin/sudo"), "4755 0 0");
      assertEquals(await Deno.readLink(join(tree.path, "bin")), "usr/bin");
      assertEquals(await namesIn(join(tree.path, "dev")), []);
      // What lies around the tree keeps other users away from its setuid programs.
      assertEquals(((await Deno.stat(join(tree.path, ".."))).mode ?? 0) & 0o777, 0o700);
    }
    assertEquals(await namesIn(parent), []);
  },
});

Deno.test({
  name: "unpackTree() says why it cannot, and leaves nothing behind",
  ...needsTar,
  async fn() {
    await using box = await sandbox();
    const tar = join(box.path, "broken.tar");
    await Deno.writeTextFile(tar, "this is no tar file");
    const parent = join(box.path, "parent");
    await Deno.mkdir(parent);
    const error = await assertRejects(() => unpackTree(tar, parent), TaskError);
    assertEquals(error.message.split(":")[0], "Cannot unpack the root file system");
    assert(error.details.some((line) => line.startsWith("tar: ")), formatError(error));
    const signal = AbortSignal.abort(new InterruptedError());
    await assertRejects(() => unpackTree(tar, parent, { signal }), InterruptedError);
    assertEquals(await namesIn(parent), []);
  },
});

Deno.test("diskCommands() are the commands that a dry run shows", () => {
  const { mke2fs, convert } = diskCommands("/tree", "/disk.raw", "/disk.qcow2", 8);
  assertEquals(
    mke2fs.join(" "),
    "mke2fs -q -t ext4 -d /tree -L guesthouse -m 0 " +
      "-E lazy_itable_init=1,lazy_journal_init=1 /disk.raw 8G",
  );
  assertEquals(convert.join(" "), "qemu-img convert -f raw -O qcow2 /disk.raw /disk.qcow2");
});

Deno.test({
  name: "makeDisk() writes a clean ext4 file system with the tree's owners and modes",
  ...needsDisk,
  async fn() {
    await using box = await sandbox();
    await using tree = await unpackTree(await makeTar(box.path), box.path);
    const dir = join(box.path, "image");
    await Deno.mkdir(dir);
    const disk = join(dir, "disk.qcow2");
    await makeDisk(tree, disk, 1);
    assertEquals(await namesIn(dir), ["disk.qcow2"]);
    const info = JSON.parse(await $`qemu-img info --output=json ${disk}`.text());
    assertEquals([info.format, info["virtual-size"]], ["qcow2", 1024 ** 3]);
    assert(info["actual-size"] < 64 * 1024 ** 2, "only what is written takes room");

    const raw = join(dir, "raw");
    await $`qemu-img convert -O raw ${disk} ${raw}`;
    const check = await $`e2fsck -f -n ${raw}`;
    assertEquals(check.code, 0, check.stdout);
    const ask = (request: string) => $`debugfs -R ${request} ${raw}`.text();
    const stat = async (path: string) =>
      /Type: (\w+) +Mode: +(\d+)[^]*?User: +(\d+) +Group: +(\d+)/.exec(await ask(`stat ${path}`))
        ?.slice(1).join(" ");
    assertEquals(await stat("/etc/shadow"), "regular 0640 0 42");
    assertEquals(await stat("/home/ci"), "directory 0700 1000 1000");
    assertEquals(await stat("/home/ci/notes"), "regular 0600 1000 1000");
    assertEquals(await stat("/usr/bin/sudo"), "regular 04755 0 0");
    assertEquals(await stat("/bin"), "symlink 0777 0 0");
    // The root directory itself: systemd refuses to continue if others may write to it.
    assertEquals(await stat("/"), "directory 0755 0 0");
    assertEquals(await ask("cat /home/ci/notes"), "mine");
  },
});

Deno.test({
  name: "makeDisk() says why it cannot, and leaves no raw disk behind",
  ...needsDisk,
  async fn() {
    await using box = await sandbox();
    const missing = {
      path: join(box.path, "no-tree"),
      inside: (command: readonly string[]) => [...command],
    };
    const tree = { ...missing, [Symbol.asyncDispose]: () => Promise.resolve() };
    const disk = join(box.path, "disk.qcow2");
    const error = await assertRejects(() => makeDisk(tree, disk, 1), TaskError);
    assertEquals(error.message, "Cannot make the file system: mke2fs exited with status 1");
    assert(error.details.some((line) => line.includes("no-tree")), formatError(error));
    assertEquals(await namesIn(box.path), []);
  },
});
