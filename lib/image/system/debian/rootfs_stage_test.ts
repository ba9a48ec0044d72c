import { assert, assertEquals, assertRejects } from "@std/assert";
import { walk } from "@std/fs";
import { fromFileUrl, join } from "@std/path";
import { $ } from "../../../base/process/dollar.ts";
import { processStartTime } from "../../../base/process/start_time.ts";
import { waitUntil } from "../../../base/process/process_testing.ts";
import { buildRootfs } from "./rootfs.ts";
import { placeFile } from "./rootfs_stage.ts";
import { standInRecipe, withMmdebstrap } from "./rootfs_testing.ts";

const isRoot = Deno.uid() === 0;
const canMount = isRoot &&
  await $`unshare --mount --propagation private true`.code() === 0;

const stagesIn = async (tmp: string) =>
  (await Array.fromAsync(Deno.readDir(tmp))).map(({ name }) => join(tmp, name));

interface Seen {
  readonly path: string;
  readonly mode: number;
  readonly uid: number | null;
}

/** All below a directory as it is now. */
async function lookAt(tmp: string): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { path } of walk(tmp)) {
    if (path === tmp) continue;
    const { mode, uid } = await Deno.lstat(path);
    seen.push({ path, mode: (mode ?? 0) & 0o7777, uid });
  }
  return seen;
}

/** Runs a build up to the first line of the stand-in, and looks at its files from outside. */
async function build(script: string): Promise<{ seen: Seen[]; lines: string[]; left: string[] }> {
  await using box = await withMmdebstrap(
    `${script}\ntouch "$TMPDIR/go-on"; read -r x <"$(dirname "$0")/../fifo"`,
  );
  const fifo = join(box.path, "fifo");
  await $`mkfifo ${fifo}`;
  const lines: string[] = [];
  let seen: Seen[] = [];
  const output = join(box.path, "root.tar");
  const building = buildRootfs(standInRecipe, {
    ...{ output, configure: "now", signal: new AbortController().signal },
    log: (line) => lines.push(line),
  });
  await waitUntil("the stand-in has said all", async () => {
    seen = await lookAt(box.tmp);
    return seen.some(({ path }) => path.endsWith("/go-on"));
  });
  await Deno.writeTextFile(fifo, "\n");
  await building;
  return { seen, lines, left: await stagesIn(box.tmp) };
}

Deno.test("a root is built where no other user can read or write", async () => {
  const { seen, left } = await build("umask 022; mkdir -m 1777 $TMPDIR/tmp");
  const [stage, ...inside] = seen.sort((a, b) => a.path < b.path ? -1 : 1);
  assert(stage !== undefined);
  // Without root, the users of its namespace may pass; see letSubordinatesIn().
  assert(isRoot ? stage.mode === 0o700 : (stage.mode & 0o006) === 0, stage.mode.toString(8));
  for (const { path, mode, uid } of [stage, ...inside]) {
    assertEquals(uid, Deno.uid(), path);
    // What is open in the root is behind the stage's own door.
    if (!path.endsWith("/tmp")) assertEquals(mode & 0o022, 0, `${path} ${mode.toString(8)}`);
  }
  const hooks = ["customize", "merge-usr", "no-host-keys", "provision.sh", "first_boot.sh"];
  for (const name of hooks) assert(inside.some(({ path }) => path.endsWith(`/${name}`)), name);
  assertEquals(left, []);
});

Deno.test({
  name:
    "what mmdebstrap finds in its own mount namespace is open to apt's user, and no longer there",
  ignore: !canMount,
  async fn() {
    const { lines } = await build(`
      stat -c '%a' "$TMPDIR" "$TMPDIR/customize"
      setpriv --reuid 65534 --regid 65534 --clear-groups ls "$TMPDIR"
      mkdir "$TMPDIR/proc"; mount -t tmpfs none "$TMPDIR/proc"`);
    assertEquals(lines.slice(0, 2), ["755", "755"]);
    assert(lines.includes("provision.sh"), lines.join("\n"));
    const { stdout } = await $`cat /proc/self/mountinfo`;
    assert(!stdout.includes("guesthouse-tmp-rootfs-"), stdout);
  },
});

Deno.test({
  name: "after kill -9 a build's mounts are gone, and the next build removes its stage",
  ignore: !canMount,
  async fn() {
    // Ends at once when asked, without cleaning up anything.
    await using box = await withMmdebstrap(`
      mkdir "$TMPDIR/sys"; mount -t sysfs none "$TMPDIR/sys" && echo $$; exec sleep 60`);
    const script = fromFileUrl(new URL("testdata/build_rootfs.ts", import.meta.url));
    const output = join(box.path, "root.tar");
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", script, output],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    await reader.cancel();
    const [stage = ""] = await stagesIn(box.tmp);
    child.kill("SIGKILL");
    await child.status;
    await waitUntil("mmdebstrap is gone", async () => await processStartTime(pid) === undefined);
    const { stdout } = await $`cat /proc/self/mountinfo`;
    assert(!stdout.includes("guesthouse-tmp-rootfs-"), stdout);
    assertEquals(await stagesIn(box.tmp), [stage]);
    await Deno.writeTextFile(join(box.path, "bin/mmdebstrap"), "#!/bin/sh\n");
    await buildRootfs(standInRecipe, {
      ...{ output, configure: "now", log: () => {}, signal: new AbortController().signal },
    });
    assertEquals(await stagesIn(box.tmp), []);
  },
});

Deno.test("placeFile() follows no planted link", async () => {
  const dir = await Deno.makeTempDir();
  const [from, victim, to] = ["from", "victim", "to"].map((name) => join(dir, name));
  await Deno.writeTextFile(from!, "hook");
  await Deno.writeTextFile(victim!, "precious");
  await Deno.symlink(victim!, to!);
  await assertRejects(() => placeFile(from!, to!, 0o755), Deno.errors.AlreadyExists);
  assertEquals(await Deno.readTextFile(victim!), "precious");
  await Deno.remove(to!);
  await placeFile(from!, to!, 0o755);
  assertEquals((await Deno.stat(to!)).mode! & 0o777, 0o755);
  await Deno.remove(dir, { recursive: true });
});
