import { delay } from "@std/async";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { WorkError } from "../../base/errors.ts";
import { acquireLock } from "../../base/files/lock.ts";
import { changeQuietly, makeImagesDir } from "../platform/image_testing.ts";
import { firstFileOf } from "./part_names.ts";
import {
  embedded,
  ensurePart,
  partDigest,
  partPath,
  type PartRecipe,
  partState,
} from "./part_store.ts";
import { makerLock } from "../../store/unfinished.ts";

/** A part whose contents are its input; counts its builds. */
function counted(value: string, output = "part-x") {
  const part = {
    builds: 0,
    title: "part x",
    outputs: [output],
    inputs: [{ name: "value", value }],
    async build(dir: string) {
      part.builds++;
      await Deno.writeTextFile(join(dir, output), value);
    },
  };
  return part satisfies PartRecipe;
}

const options = () => ({
  signal: new AbortController().signal,
  onPhase: () => {},
  log: () => {},
});

Deno.test("ensurePart() builds once, and again when an input changes, saying which", async () => {
  await using _images = await makeImagesDir();
  const one = counted("one");
  assertEquals((await ensurePart(one, options())).built, true);
  assertEquals((await ensurePart(one, options())).built, false);
  assertEquals(one.builds, 1);
  assertEquals(await Deno.readTextFile(partPath("part-x")), "one");
  const state = await partState(counted("two"));
  assertEquals([state.fresh, state.reasons], [false, ["value changed"]]);
  const two = await ensurePart(counted("two"), options());
  assertEquals([two.built, two.reasons], [true, ["value changed"]]);
  assertEquals(await Deno.readTextFile(partPath("part-x")), "two");
});

Deno.test("ensurePart() builds again without its sidecar; equal bytes force nothing else", async () => {
  await using _images = await makeImagesDir();
  const part = counted("one");
  await ensurePart(part, options());
  const before = await embedded("x", "part-x");
  await Deno.remove(`${partPath("part-x")}.hash`);
  assertEquals((await ensurePart(part, options())).built, true);
  assertEquals(part.builds, 2);
  assertEquals(await embedded("x", "part-x"), before);
  await ensurePart(counted("other"), options());
  assert((await embedded("x", "part-x") as { value: unknown }).value !== undefined);
  assert(JSON.stringify(await embedded("x", "part-x")) !== JSON.stringify(before));
});

Deno.test("ensurePart() builds again what was changed, and accepts what was only touched", async () => {
  await using _images = await makeImagesDir();
  const part = counted("one");
  await ensurePart(part, options());
  await Deno.utime(partPath("part-x"), 1, 1);
  assertEquals((await ensurePart(part, options())).built, false);
  await Deno.writeTextFile(partPath("part-x"), "two");
  const state = await partState(part);
  assertEquals(state.reasons, ["part-x is missing or was changed"]);
  assertEquals((await ensurePart(part, options())).built, true);
  await Deno.remove(partPath("part-x"));
  assertEquals(await partDigest("part-x"), undefined);
  assertEquals((await ensurePart(part, options())).built, true);
});

Deno.test("partDigest() reads a copy once, and detects a replaced file with the same time", async () => {
  await using _images = await makeImagesDir();
  await ensurePart(counted("one"), options());
  const path = partPath("part-x");
  const before = await partDigest("part-x");
  // As `cp` and a rename leave it.
  await Deno.copyFile(path, `${path}.copy`);
  await Deno.rename(`${path}.copy`, path);
  // Until then it may still change within the same second.
  await delay(2_100);
  const record = await Deno.readTextFile(`${path}.json`);
  assertEquals(await partDigest("part-x"), before);
  const renewed = await Deno.readTextFile(`${path}.json`);
  assert(renewed !== record, "it is known by its own identity");
  assertEquals(await partDigest("part-x"), before);
  assertEquals(await Deno.readTextFile(`${path}.json`), renewed);

  await Deno.writeTextFile(`${path}.other`, "two");
  const { mtime } = await Deno.stat(path);
  await Deno.utime(`${path}.other`, mtime!, mtime!);
  await Deno.rename(`${path}.other`, path);
  assertEquals(await partDigest("part-x"), undefined);
});

Deno.test("partDigest() sees a write that leaves a file's size, time and inode", async () => {
  await using _images = await makeImagesDir();
  await ensurePart(counted("one"), options());
  await changeQuietly(partPath("part-x"), "two");
  assertEquals(await partDigest("part-x"), undefined);
});

Deno.test("partDigest() ignores a damaged record, and accepts one of a former version", async () => {
  await using _images = await makeImagesDir();
  await ensurePart(counted("one"), options());
  const digest = await partDigest("part-x");
  const former = { sha256: digest, bytes: 3, mtimeMs: 1, inode: 1 };
  for (
    const [text, says] of [
      ...["null", "[]", "{", '{"sha256": null}'].map((text) => [text, undefined] as const),
      [JSON.stringify({ ...former, bytes: "3" }), undefined] as const,
      [JSON.stringify({ ...former, sha256: "../x" }), undefined] as const,
      [JSON.stringify(former), digest] as const,
    ]
  ) {
    await Deno.writeTextFile(`${partPath("part-x")}.json`, text);
    assertEquals(await partDigest("part-x"), says, text);
  }
});

Deno.test("ensurePart() leaves the former part when a build fails or is interrupted", async () => {
  await using images = await makeImagesDir();
  await ensurePart(counted("one"), options());
  const failing = { ...counted("two"), build: () => Promise.reject(new Error("no compiler")) };
  await assertRejects(() => ensurePart(failing, options()), Error, "no compiler");
  const abort = new AbortController();
  const slow = {
    ...counted("three"),
    build: async (dir: string) => {
      await Deno.writeTextFile(join(dir, "part-x"), "half");
      abort.abort(new Error("interrupted"));
    },
  };
  const interrupted = { ...options(), signal: abort.signal };
  await assertRejects(() => ensurePart(slow, interrupted), Error, "interrupted");
  assertEquals(await Deno.readTextFile(partPath("part-x")), "one");
  assertEquals((await partState(counted("one"))).fresh, true);
  const left = await Array.fromAsync(Deno.readDir(join(images.path, "cache")), ({ name }) => name);
  assertEquals(left, ["part-x.lock"]);
});

Deno.test("ensurePart() that is stopped between two files vouches for neither, and starts over", async () => {
  await using _images = await makeImagesDir();
  const two = (value: string, written: readonly string[]) => ({
    ...counted(value),
    outputs: ["part-x", "part-y"],
    async build(dir: string) {
      for (const name of written) await Deno.writeTextFile(join(dir, name), value + name);
    },
  });
  const both = ["part-x", "part-y"];
  await ensurePart(two("one ", both), options());
  // A build that lacks a file is none, and the former part stays.
  await assertRejects(() => ensurePart(two("two ", ["part-x"]), options()), Deno.errors.NotFound);
  assertEquals((await partState(two("one ", both))).fresh, true);
  // Nothing can be renamed over a directory.
  await Deno.remove(partPath("part-y"));
  await Deno.mkdir(partPath("part-y"));
  await assertRejects(() => ensurePart(two("two ", both), options()));
  await Deno.remove(partPath("part-y"));
  for (const value of ["one ", "two "]) {
    assertEquals((await partState(two(value, both))).fresh, false);
  }
  await ensurePart(two("two ", both), options());
  for (const name of both) assertEquals(await Deno.readTextFile(partPath(name)), `two ${name}`);
});

Deno.test("two ensurePart() at once build once", async () => {
  await using _images = await makeImagesDir();
  const part = counted("one");
  const outcomes = await Promise.all([ensurePart(part, options()), ensurePart(part, options())]);
  assertEquals(outcomes.map(({ built }) => built).sort(), [false, true]);
  assertEquals(part.builds, 1);
});

Deno.test("ensurePart() removes what a killed build of the part left, and nothing of another's", async () => {
  await using images = await makeImagesDir();
  const cache = join(images.path, "cache");
  const place = async (name: string) => {
    await Deno.mkdir(join(cache, name, "tree-1/root"), { recursive: true });
    await Deno.writeTextFile(join(cache, name, "part-x"), "half");
  };
  await place("part-part-x-0123456789abcdef");
  await place("part-part-x-y-0123456789abcdef");
  await ensurePart(counted("one"), options());
  const left = await Array.fromAsync(Deno.readDir(cache), ({ name }) => name);
  assertEquals(left.sort(), ["part-part-x-y-0123456789abcdef", "part-x.lock"]);
});

Deno.test("ensurePart() records a published file only once it has its place", async () => {
  await using _images = await makeImagesDir();
  await ensurePart(counted("one"), options());
  // Large enough that reading and syncing it would be seen.
  const bytes = 100 * 2 ** 20;
  const large = {
    ...counted("large"),
    build: (dir: string) => Deno.writeFile(join(dir, "part-x"), new Uint8Array(bytes)),
  };
  const building = ensurePart(large, options());
  let done = false;
  building.finally(() => done = true).catch(() => {});
  const seen = new Set<string>();
  while (!done) {
    const record = await Deno.readTextFile(`${partPath("part-x")}.json`);
    const { size } = await Deno.stat(partPath("part-x"));
    seen.add(`${JSON.parse(record).bytes} recorded, ${size} there`);
    await delay(1);
  }
  await building;
  assertEquals(seen.has("3 recorded, 3 there"), true);
  assertEquals(seen.has(`${bytes} recorded, 3 there`), false);
});

/** A part whose file has its place already, and whose record is about to come. */
async function halfPublished(): Promise<{ record: string; finish(): Promise<void> }> {
  await ensurePart(counted("one"), options());
  const path = partPath("part-x");
  const record = await Deno.readTextFile(`${path}.json`);
  await Deno.writeTextFile(`${path}.json`, record.replace(/"sha256":"../, '"sha256":"zz'));
  await Deno.utime(path, 1, 1);
  return { record, finish: () => Deno.writeTextFile(`${path}.json`, record) };
}

Deno.test("partDigest() waits for a process that is publishing the part", async () => {
  await using _images = await makeImagesDir();
  const { record, finish } = await halfPublished();
  const lock = await acquireLock(makerLock("part", "part-x"));
  const digest = partDigest("part-x");
  await delay(200);
  await finish();
  await lock[Symbol.asyncDispose]();
  assertEquals(await digest, JSON.parse(record).sha256);
});

Deno.test("partDigest() does not wait if nothing builds the part, nor for a whole build", async () => {
  await using _images = await makeImagesDir();
  await halfPublished();
  const took = async () => {
    const start = performance.now();
    assertEquals(await partDigest("part-x"), undefined);
    return performance.now() - start;
  };
  assert(await took() < 1_000);
  await using _lock = await acquireLock(makerLock("part", "part-x"));
  const waited = await took();
  assert(waited > 2_000 && waited < 10_000, `${waited} ms`);
});

Deno.test("firstFileOf() returns the file after which a part's lock is named", () => {
  const cases = [
    ["modules-x86_64.cpio", "vmlinuz-x86_64"],
    ["vmlinux-micro-x86_64", "vmlinuz-micro-x86_64"],
    ["raw-base-aarch64.qcow2", "raw-base-aarch64.qcow2"],
    ["raw-base-aarch64.erofs.qcow2", "raw-base-aarch64.erofs.qcow2"],
    ["part-x", "part-x"],
  ] as const;
  for (const [file, first] of cases) assertEquals(firstFileOf(file), first);
});

/** A part that embeds another one, which is rebuilt so many times while it is being built. */
function holding(changes: number) {
  const part = {
    builds: 0,
    title: "part outer",
    outputs: ["part-outer"],
    inputs: [],
    embeds: [{ name: "inner", file: "part-x" }],
    async build(dir: string) {
      part.builds++;
      const inner = await Deno.readTextFile(partPath("part-x"));
      if (part.builds <= changes) await ensurePart(counted(`change ${part.builds}`), options());
      await Deno.writeTextFile(join(dir, "part-outer"), `holds ${inner}`);
    },
  };
  return part satisfies PartRecipe;
}

Deno.test("ensurePart() builds again if an embedded part was replaced during the build", async () => {
  await using _images = await makeImagesDir();
  await ensurePart(counted("one"), options());
  const part = holding(1);
  const lines: string[] = [];
  await ensurePart(part, { ...options(), log: (line) => lines.push(line) });
  assertEquals(await Deno.readTextFile(partPath("part-outer")), "holds change 1");
  assertEquals(part.builds, 2);
  assertEquals(lines.at(-1), "building part outer again: inner changed");
  assertEquals((await partState(part)).fresh, true);
});

Deno.test("ensurePart() vouches for nothing whose recipe keeps changing, and says what changes", async () => {
  await using images = await makeImagesDir();
  await ensurePart(counted("one"), options());
  await ensurePart(holding(0), options());
  const error = await assertRejects(
    () => ensurePart(holding(9), { ...options(), force: true }),
    WorkError,
    "Cannot build part outer: its recipe changed meanwhile",
  );
  assertEquals(error.details, ["inner changed"]);
  assert(error.next !== undefined);
  assertEquals(await Deno.readTextFile(partPath("part-outer")), "holds one");
  assertEquals((await partState(holding(0))).fresh, false);
  const left = await Array.fromAsync(Deno.readDir(join(images.path, "cache")), ({ name }) => name);
  assertEquals(left.sort(), ["part-outer.lock", "part-x.lock"]);
});
