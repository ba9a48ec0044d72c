// A host that loses its power must not find a record of what is not on its disk. In each place where
// something is kept, its bytes and its names are synced before what vouches for it appears.
import { assert, assertEquals } from "@std/assert";
import { basename, join } from "@std/path";
import { sha256File } from "../lib/base/files/file_digest.ts";
import { haveProgram } from "../lib/base/host_testing.ts";
import { imagesDir, SNAPSHOT_FILES, snapshotsDir } from "../lib/base/files/paths.ts";
import { cacheDir, type CacheDiskOptions, openCacheDisk } from "../lib/ci/cache_disk.ts";
import { download } from "../lib/image/disk/download.ts";
import { serveFile } from "../lib/image/disk/download_testing.ts";
import { ensurePart, type PartRecipe } from "../lib/image/parts/part_store.ts";
import { imageHome } from "../lib/image/platform/current.ts";
import { finishImage, testPlatform } from "../lib/image/platform/image_testing.ts";
import { keepFile } from "../lib/store/vouched.ts";
import { commitSnapshot, snapshotDir } from "../lib/vm/snapshots.ts";
import { NAME, platform, recipeOf, storage } from "./support/stored_things.ts";

/**
 * What this process does to the disk while `work` runs, in this order: `sync PATH` for the bytes of a
 * file or the names in a directory, `name PATH` for what is renamed to it.
 */
async function traced(work: () => Promise<void>): Promise<string[]> {
  const events: string[] = [];
  const { open, rename } = Deno;
  Deno.open = async (path, options) => {
    const file = await open(path, options);
    const sync = file.sync.bind(file);
    file.sync = async () => {
      await sync();
      events.push(`sync ${path}`);
    };
    return file;
  };
  Deno.rename = async (from, to) => {
    await rename(from, to);
    events.push(`name ${to}`);
  };
  try {
    await work();
  } finally {
    Object.assign(Deno, { open, rename });
  }
  return events;
}

/** Fails unless each of the events comes before `last`, which comes. */
function assertBefore(events: readonly string[], last: string, needed: readonly string[]): void {
  const end = events.lastIndexOf(last);
  assert(end >= 0, `${last} is not among\n${events.join("\n")}`);
  for (const event of needed) {
    const at = events.indexOf(event);
    assert(at >= 0 && at < end, `not before "${last}": "${event}"\n${events.join("\n")}`);
  }
}

const signal = new AbortController().signal;

Deno.test("a kept file has its bytes and its name on the disk before its record", async () => {
  await using box = await storage();
  const [from, to] = [join(box.dir, "part"), join(box.dir, "whole")];
  await Deno.writeTextFile(from, "packages");
  const events = await traced(() => keepFile(from, to));
  assertEquals(events.slice(0, 3), [`sync ${from}`, `name ${to}`, `sync ${box.dir}`]);
  assertBefore(events, `name ${to}.sha256`, events.slice(0, 3));
});

Deno.test("a part has all its files and records on the disk before its sidecar", async () => {
  await using _box = await storage();
  let staging = "";
  const part: PartRecipe = {
    ...{ title: "part x", outputs: ["part-x", "part-y"], inputs: [] },
    async build(dir) {
      staging = dir;
      for (const name of part.outputs) await Deno.writeTextFile(join(dir, name), name);
    },
  };
  const events = await traced(async () => {
    await ensurePart(part, { signal, onPhase: () => {}, log: () => {} });
  });
  const dist = imagesDir();
  const names = part.outputs.flatMap((name) => [name, `${name}.json`]);
  assertBefore(events, `sync ${dist}`, names.map((name) => `name ${join(dist, name)}`));
  assertBefore(events, `name ${join(dist, "part-x.hash")}`, [
    ...part.outputs.map((name) => `sync ${join(staging, name)}`),
    `sync ${dist}`,
  ]);
  for (const name of part.outputs) {
    assertBefore(events, `name ${join(staging, `${name}.json`)}`, [`sync ${join(staging, name)}`]);
  }
});

Deno.test("an image has its files on the disk before its records, and its name before it is current", async () => {
  await using _box = await storage();
  const platform = testPlatform();
  let dir = "";
  const events = await traced(async () => void (dir = await finishImage(platform)));
  const home = imageHome(platform.name);
  const staging = join(home, "version-test");
  const files = ["disk.qcow2", "vmlinuz", "initramfs", "packages.txt"];
  const synced = files.map((name) => `sync ${join(staging, name)}`);
  const records = ["image.json", "image.hash"].map((name) => `name ${join(staging, name)}`);
  for (const record of records) assertBefore(events, record, synced);
  assertBefore(events, `name ${dir}`, [...records, `sync ${staging}`]);
  assertBefore(events, `name ${join(home, "current")}`, [`name ${dir}`, `sync ${home}`]);
  // Former versions may be removed from then on.
  assertEquals(events.at(-1), `sync ${home}`);
});

Deno.test("a snapshot has its files on the disk before its records, and these before its name", async () => {
  await using _box = await storage();
  const staging = join(snapshotsDir(), "p", ".staging-x");
  await Deno.mkdir(staging, { recursive: true });
  const files = [SNAPSHOT_FILES.memory, SNAPSHOT_FILES.state, SNAPSHOT_FILES.disk];
  for (const name of files) await Deno.writeTextFile(join(staging, name), name);
  const recipe = await recipeOf("x");
  const events = await traced(() =>
    commitSnapshot(staging, recipe, { platform: "p", imageDir: "/i", memoryMiB: 1, cores: 1 })
  );
  const synced = files.map((name) => `sync ${join(staging, name)}`);
  const records = [SNAPSHOT_FILES.manifest, SNAPSHOT_FILES.sidecar].map((name) =>
    `name ${join(staging, name)}`
  );
  for (const record of records) assertBefore(events, record, synced);
  assertBefore(events, `name ${snapshotDir("p", recipe.key)}`, [...records, `sync ${staging}`]);
});

Deno.test("a download has its bytes on the disk before its name", async () => {
  await using box = await storage();
  const content = new TextEncoder().encode("content");
  await using server = serveFile(content);
  await Deno.writeFile(join(box.dir, "same"), content);
  const sha256 = await sha256File(join(box.dir, "same"));
  const path = join(box.dir, "file");
  const events = await traced(() =>
    download({ url: server.url, path, sha256, bytes: content.length, signal, gone: "" })
  );
  assertEquals(events, [`sync ${path}.part`, `name ${path}`, `sync ${box.dir}`]);
  // What a killed task has fetched whole may not have been on the disk.
  await Deno.rename(path, `${path}.part`);
  const again = await traced(() =>
    download({ url: server.url, path, sha256, bytes: content.length, signal, gone: "" })
  );
  assertEquals(again, events);
});

Deno.test({
  name: "a build cache has its disk on the disk before a record that says it is whole",
  ignore: !haveProgram("mke2fs"),
  async fn() {
    await using box = await storage();
    const options = {
      ...{ platform, project: { name: "p", dir: box.dir } },
      ...{ image: { digest: "k" }, guestDir: "/g", signal, onNote: () => {} },
    } as unknown as CacheDiskOptions;
    const port = { ask: () => Promise.resolve() };
    const guest = { port } as unknown as Parameters<
      Awaited<ReturnType<typeof openCacheDisk>>["attach"]
    >[0];
    const dir = cacheDir(NAME, box.dir);
    const events = await traced(async () => {
      await using disk = await openCacheDisk(options);
      await disk.attach(guest, signal);
      await disk.detach(guest, disk.kept, signal);
    });
    const told = events.filter((event) => !basename(event).includes(".tmp-"));
    const [synced, named, after] = [
      ...[`sync ${join(dir, "disk.raw")}`, `name ${join(dir, "cache.json")}`, `sync ${dir}`],
    ];
    // Made, in use, and whole again.
    const tree = `name ${join(dir, "tree.json")}`;
    assertEquals(told, [synced, named, after, named, after, tree, after, synced, named, after]);
  },
});
