// What frees disk space, through `deno task`. Starts no guest: directories, records and processes stand
// in for what real tasks leave.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { basename, join } from "@std/path";
import { createRun, type RunRecord, writeRecord } from "../lib/guest/runs.ts";
import { makerLock } from "../lib/store/unfinished.ts";
import { exists } from "../lib/base/files/directories.ts";
import {
  imageCacheDir,
  imagesDir,
  SNAPSHOT_FILES,
  snapshotsDir,
  SOCKET_OWNER,
  socketDir,
} from "../lib/base/files/paths.ts";
import { living } from "../lib/base/process/process_testing.ts";
import { rootfsInputs } from "../lib/image/platform/platform_image.ts";
import { variantRootfsInputs } from "../lib/image/parts/variant.ts";
import { rootfsKey, rootfsLock } from "../lib/image/system/debian/rootfs_tar.ts";
import { currentLink, imageHome, versionLock } from "../lib/image/platform/current.ts";
import { assertFailure, documentOf } from "./support/outcome.ts";
import {
  changed,
  changedBy,
  gc,
  type GcDocument,
  gone,
  hold,
  leaveRun,
  NAME,
  placeCache,
  placeSnapshot,
  placeVersion,
  platform,
  presentRecipe,
  recipeOf,
  runPath,
  startSleep,
  storage,
} from "./support/stored_things.ts";

Deno.test("gc of a checkout that has nothing removes nothing", async () => {
  await using box = await storage();
  const plain = await box.task("gc");
  assertEquals([plain.code, plain.stdout], [0, "0 removed, 0 B freed; 0 B kept\n"]);
  const { removed, kept } = await gc(box, "--limit", "0");
  assertEquals([removed, kept], [[], []]);
});

Deno.test("gc refuses an invalid limit", async () => {
  await using box = await storage();
  assertFailure(await box.task("gc", ["--limit", "-1"]), { exit: 2, says: ["--limit"] });
});

Deno.test("gc ends and removes what killed tasks left, and nothing that runs", async () => {
  await using box = await storage();
  await using orphan = await startSleep();
  await using stranger = await startSleep();
  await using keptQemu = await startSleep();
  await using busyQemu = await startSleep();
  // The guest of a task that is still there, beside its lock.
  await using busy = await createRun(NAME);
  const facts = { pid: busyQemu.pid, startTime: busyQemu.startTime };
  const ids: Record<string, string> = {};
  const place = async (name: string, facts?: Partial<RunRecord>) => {
    // createRun() sweeps as well, so earlier runs are put out of its sight until all are made.
    const aside = join(box.dir, "aside");
    await Deno.mkdir(aside, { recursive: true });
    const id = await leaveRun(facts);
    await Deno.rename(runPath(id), join(aside, id));
    ids[name] = id;
  };
  await place("kept", { pid: keptQemu.pid, startTime: keptQemu.startTime, kept: true });
  await place("orphan", { pid: orphan.pid, startTime: orphan.startTime });
  await place("reused pid", { pid: stranger.pid, startTime: "1", kept: true });
  await place("ended", {});
  await place("without a record");
  await place("sockets only");
  for (const name of Object.keys(ids).filter((name) => name !== "sockets only")) {
    await Deno.rename(join(box.dir, "aside", ids[name]!), runPath(ids[name]!));
  }
  await writeRecord({
    ...{ id: busy.id, platform: NAME, sshPort: 1, user: "ci", imageDir: "/nowhere" },
    ...{ accelerator: "tcg", memoryMiB: 1, cores: 1, kept: false, started: "", console: "" },
    ...facts,
  });
  const foreign = join(socketDir(), `${NAME}-00000000`);
  await Deno.mkdir(foreign);
  await Deno.writeTextFile(join(foreign, SOCKET_OWNER), "/another/checkout/runs/x");

  const outcome = await gc(box);
  assertEquals(gone(outcome), {
    [`guest ${runPath(ids.orphan!)}`]: `its task is gone, and QEMU (pid ${orphan.pid}) is not`,
    [`run ${runPath(ids["reused pid"]!)}`]: "its kept guest has ended",
    [`run ${runPath(ids.ended!)}`]: "its task is gone, and its guest has ended",
    [`run ${runPath(ids["without a record"]!)}`]: "its task is gone, and it has no guest",
    [`sockets ${join(socketDir(), ids["sockets only"]!)}`]: "its run is gone",
  });
  assertEquals(
    outcome.kept.map(({ path }) => path).sort(),
    [runPath(busy.id), runPath(ids.kept!)].sort(),
  );
  assert(outcome.removed.every(({ kind, bytes }) => kind === "sockets" || bytes >= 100_000));
  assertEquals((await orphan.status).signal, "SIGKILL");
  const others = [stranger.pid, keptQemu.pid, busyQemu.pid];
  assertEquals(await living(others), others);
  const sockets = (await Array.fromAsync(Deno.readDir(socketDir()))).map(({ name }) => name);
  assertEquals(sockets.sort(), [`${NAME}-00000000`, busy.id, ids.kept!].sort());
});

Deno.test("gc removes snapshots that no guest can start from", async () => {
  await using box = await storage();
  await placeVersion(NAME, await recipeOf("now"));
  const recipe = await presentRecipe();
  const good = await placeSnapshot(recipe);
  // A size that somebody may ask for again.
  const small = await placeSnapshot(await presentRecipe(512), { memoryMiB: 512 });
  const words = await placeSnapshot(await changed(recipe, "command line"));
  const wanted: Record<string, string> = {};
  for (
    const name of [
      ...["image", "image directory", "QEMU", "machine", "format", "keys", "devices", "CPU"],
      "provision/resume.pl",
    ]
  ) {
    wanted[await placeSnapshot(await changed(recipe, name))] = `${name} changed`;
  }
  const byName = async (what: string) => await placeSnapshot(await changedBy(recipe, what));
  const bare = await byName("bare");
  await Deno.remove(join(bare, SNAPSHOT_FILES.sidecar));
  wanted[bare] = "snapshot.hash is missing or damaged";
  const damaged = await byName("damaged");
  await Deno.writeTextFile(join(damaged, SNAPSHOT_FILES.sidecar), "x");
  wanted[damaged] = "snapshot.hash is missing or damaged";
  const listless = await byName("listless");
  await Deno.writeTextFile(join(listless, SNAPSHOT_FILES.manifest), "{}");
  wanted[listless] = "snapshot.json is missing or damaged";
  const moved = await byName("moved");
  const elsewhere = join(snapshotsDir(), NAME, "0123456789abcdef");
  await Deno.rename(moved, elsewhere);
  wanted[elsewhere] = "it belongs to another key";
  const floating = await placeSnapshot(await changedBy(recipe, "floating"), {
    imageDir: join(imagesDir(), NAME, "gone"),
  });
  wanted[floating] = "the image below it is gone";
  wanted[await placeSnapshot(recipe, { name: "debian-gone" })] =
    "there is no longer such a platform";

  const outcome = await gc(box);
  assertEquals(
    gone(outcome),
    Object.fromEntries(Object.entries(wanted).map(([dir, why]) => [`snapshot ${dir}`, why])),
  );
  const kept = outcome.kept.filter(({ kind }) => kind === "snapshot").map(({ path }) => path);
  assertEquals(kept.sort(), [good, small, words].sort());
});

Deno.test("gc without QEMU does not judge a snapshot by its QEMU", async () => {
  await using box = await storage();
  await placeVersion(NAME, await recipeOf("now"));
  const recipe = await presentRecipe();
  const good = await placeSnapshot(recipe);
  const foreign = await placeSnapshot(await changed(recipe, "QEMU"));
  const keyless = await placeSnapshot(await changed(recipe, "keys"));
  const bin = join(box.dir, "bin");
  await Deno.mkdir(bin);
  for (const program of ["sh", "cat", "ps", "kill"]) {
    await Deno.symlink(join("/bin", program), join(bin, program)).catch(() => {});
  }
  await Deno.symlink(Deno.execPath(), join(bin, "deno"));
  const outcome = await box.task("gc", ["--json"], { env: { PATH: bin } });
  assertEquals(outcome.code, 0, outcome.stderr);
  assertEquals(documentOf<GcDocument>(outcome).removed.map(({ path }) => path), [keyless]);
  assert(await exists(good) && await exists(foreign));
});

Deno.test("gc removes no snapshot that a task or a kept guest uses, even a useless one", async () => {
  await using box = await storage();
  await placeVersion(NAME, await recipeOf("now"));
  const recipe = await presentRecipe();
  await using keptQemu = await startSleep();
  const ofTask = await placeSnapshot(await changed(recipe, "QEMU"));
  const ofGuest = await placeSnapshot(await changed(recipe, "machine"));
  const free = await placeSnapshot(await changed(recipe, "keys"));
  const goodOfTask = await placeSnapshot(recipe);
  await leaveRun({
    ...{ pid: keptQemu.pid, startTime: keptQemu.startTime, kept: true },
    backing: join(ofGuest, SNAPSHOT_FILES.disk),
  });
  {
    await using _stale = await hold(join(ofTask, SNAPSHOT_FILES.lock), "shared");
    await using _good = await hold(join(goodOfTask, SNAPSHOT_FILES.lock), "shared");
    const outcome = await gc(box, "--limit", "0");
    assertEquals(outcome.removed.map(({ path }) => path), [free]);
  }
  const outcome = await gc(box, "--limit", "0");
  assertEquals(outcome.removed.map(({ path }) => path).sort(), [ofTask, goodOfTask].sort());
  assert(await exists(ofGuest));
});

Deno.test("gc removes a half-finished snapshot, unless one is being saved", async () => {
  await using box = await storage();
  const staging = join(snapshotsDir(), NAME, ".staging-abc");
  const other = join(snapshotsDir(), "debian-arm64", ".staging-def");
  for (const dir of [staging, other]) {
    await Deno.mkdir(dir, { recursive: true });
    await Deno.writeTextFile(join(dir, "memory"), "x".repeat(50_000));
  }
  {
    await using _saving = await hold(makerLock("snapshot", NAME), "exclusive");
    const outcome = await gc(box);
    assertEquals(Object.keys(gone(outcome)), [`unfinished snapshot ${other}`]);
    assertEquals(outcome.kept.map(({ path }) => path), [staging]);
  }
  assertEquals(Object.keys(gone(await gc(box))), [`unfinished snapshot ${staging}`]);
});

Deno.test("gc removes build caches that no build would use", async () => {
  await using box = await storage();
  await placeVersion(NAME, await recipeOf("now"));
  const project = (name: string) => join(box.dir, "projects", name);
  const good = await placeCache(project("good"));
  const wanted: Record<string, string> = {
    [await placeCache(project("old"), { image: "0".repeat(64) })]:
      "it was filled by the tools of another image",
    [await placeCache(project("cut"), { inUse: true })]: "the guest that had it was cut off",
    [await placeCache(project("alien"), {}, { name: "debian-gone" })]:
      "there is no longer such a platform",
  };
  const orphaned = await placeCache(project("orphaned"));
  await Deno.remove(project("orphaned"));
  wanted[orphaned] = "its project is gone";
  const damaged = await placeCache(project("damaged"));
  await Deno.writeTextFile(join(damaged, "cache.json"), "{");
  wanted[damaged] = "its record is missing or damaged";
  const used = await placeCache(project("used"), { inUse: true });
  await using _build = await hold(join(used, "lock"), "exclusive");

  const outcome = await gc(box);
  assertEquals(
    gone(outcome),
    Object.fromEntries(Object.entries(wanted).map(([dir, why]) => [`build cache ${dir}`, why])),
  );
  const kept = outcome.kept.filter(({ kind }) => kind === "build cache").map(({ path }) => path);
  assertEquals(kept.sort(), [good, used].sort());
});

Deno.test("gc removes snapshots and build caches of an image that was made again with other bytes", async () => {
  await using box = await storage();
  const recipe = await recipeOf("now");
  const former = await placeVersion(NAME, recipe, "one");
  const snapshot = await placeSnapshot(await presentRecipe());
  const cache = await placeCache(join(box.dir, "project"));
  assertEquals(gone(await gc(box)), {});
  const now = await placeVersion(NAME, recipe, "two");
  assertEquals(gone(await gc(box)), {
    [`snapshot ${snapshot}`]: "image changed, image directory changed",
    [`build cache ${cache}`]: "it was filled by the tools of another image",
    [`image ${former}`]: `superseded by ${basename(now)}`,
  });
});

Deno.test("gc removes superseded images that nobody needs", async () => {
  await using box = await storage();
  // One recipe, and each time other bytes.
  const recipe = await recipeOf("now");
  const version = (disk: string) => placeVersion(NAME, recipe, disk);
  const former = await version("former");
  const ofGuest = await version("of a kept guest");
  const ofTask = await version("of a task");
  const ofSnapshot = await version("of a snapshot");
  const now = await version("now");
  const other = await placeVersion("debian-arm64", await recipeOf("other"));
  await Deno.remove(currentLink("debian-arm64"));
  // As former versions of guesthouse left them: their users lock the directory.
  const [older, oldest] = ["1", "2"].map((digit) => join(imageHome(NAME), digit.repeat(16)));
  await Deno.mkdir(older!);
  await Deno.mkdir(oldest!);
  await using keptQemu = await startSleep();
  await leaveRun({
    ...{ pid: keptQemu.pid, startTime: keptQemu.startTime, kept: true },
    imageDir: ofGuest,
  });
  const snapshot = await placeSnapshot(await changed(await presentRecipe(), "QEMU"), {
    imageDir: ofSnapshot,
  });
  {
    await using _snapshot = await hold(join(snapshot, SNAPSHOT_FILES.lock), "shared");
    await using _task = await hold(versionLock(ofTask), "shared");
    await using _olderTask = await hold(older!, "shared");
    await using _building = await hold(makerLock("image", "debian-arm64"), "exclusive");
    const outcome = await gc(box);
    const why = `superseded by ${basename(now)}`;
    assertEquals(gone(outcome), { [`image ${former}`]: why, [`image ${oldest}`]: why });
    for (const dir of [now, ofGuest, ofTask, ofSnapshot, other, older!]) {
      assert(await exists(dir), dir);
    }
  }
  const outcome = await gc(box);
  assertEquals(
    Object.keys(gone(outcome)).sort(),
    [
      ...[ofSnapshot, ofTask, older, other].map((dir) => `image ${dir}`),
      `snapshot ${snapshot}`,
    ].sort(),
  );
  assertEquals([await exists(now), await exists(ofGuest)], [true, true]);
});

Deno.test("gc removes packed packages whose recipe has changed", async () => {
  await using box = await storage();
  await Deno.mkdir(imageCacheDir(), { recursive: true });
  const place = async (name: string) => {
    await Deno.writeTextFile(join(imageCacheDir(), name), "x".repeat(10_000));
    return join(imageCacheDir(), name);
  };
  const key = await rootfsKey(rootfsInputs(platform));
  const now = await place(`rootfs-${NAME}-${key}.tar.zst`);
  const foreign = await place("rootfs-solaris-amd64-0123456789abcdef.tar.zst");
  const old = await place(`rootfs-${NAME}-0123456789abcdef-first-boot.tar.zst`);
  const part = await place(`.part-rootfs-${NAME}-${key}.tar.zst`);
  const variant = { variant: "raw", arch: "aarch64" } as const;
  const variantKey = await rootfsKey(variantRootfsInputs(variant));
  const ofVariant = await place(`rootfs-raw-aarch64-${variantKey}.tar.zst`);
  const oldOfVariant = await place("rootfs-raw-aarch64-0123456789abcdef.tar.zst");
  {
    await using _building = await hold(rootfsLock(NAME), "exclusive");
    await using _other = await hold(rootfsLock("raw-aarch64"), "exclusive");
    assertEquals(gone(await gc(box)), {});
  }
  assertEquals(gone(await gc(box)), {
    [`rootfs ${part}`]: "its build did not get to its end",
    [`rootfs ${old}`]: "its recipe has changed",
    [`rootfs ${oldOfVariant}`]: "its recipe has changed",
  });
  for (const path of [now, foreign, ofVariant]) assert(await exists(path), path);
});

Deno.test("gc removes the least recently used entries until the rest is within the limit", async () => {
  await using box = await storage();
  await placeVersion(NAME, await recipeOf("now"));
  const recipe = await presentRecipe();
  const bytes = 5 * 2 ** 20;
  const place = async (hours: number) =>
    await placeSnapshot(await changedBy(recipe, String(hours)), { hours, bytes });
  const [oldest, newest, middle] = [await place(50), await place(1), await place(20)];
  const cache = await placeCache(join(box.dir, "mine"), {}, { hours: 30 });
  // 15 MiB each, and a small cache between them: all but the oldest fit into 40 MiB.
  const first = await gc(box, "--limit", String(40 / 1024));
  assertEquals(first.removed.map(({ path }) => path), [oldest]);
  assertMatch(first.removed[0]?.why ?? "", /^over the limit, last used 20\d\d-.*Z$/);
  const second = await gc(box, "--limit", String(20 / 1024));
  assertEquals(second.removed.map(({ path }) => path), [cache, middle]);
  {
    await using _task = await hold(join(newest, SNAPSHOT_FILES.lock), "shared");
    assertEquals((await gc(box, "--limit", "0")).removed, []);
  }
  const last = await gc(box, "--limit", "0");
  assertEquals(last.removed.map(({ path }) => path), [newest]);
  assertEquals(last.kept.map(({ kind }) => kind), ["image"]);
});

Deno.test("gc prints a table and a sum", async () => {
  await using box = await storage();
  const id = await leaveRun({});
  const plan = await box.task("gc", ["--dry-run"]);
  const [header = "", row = "", sum = ""] = plan.stdout.split("\n");
  assertMatch(header, /^kind +what +size +why$/);
  assertMatch(
    row,
    new RegExp(`^run +${id} +[\\d.]+ KiB  its task is gone, and its guest has ended`),
  );
  assertMatch(sum, /^1 would be removed, [\d.]+ KiB would be freed; 0 B kept$/);
  const { stdout } = await box.task("gc");
  assertMatch(stdout, /^1 removed, [\d.]+ KiB freed; 0 B kept$/m);
  assertEquals((await box.task("gc")).stdout, "0 removed, 0 B freed; 0 B kept\n");
});
