// Builds image parts from two copies of this checkout in different directories, with the real programs.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { sha256File } from "../lib/base/files/file_digest.ts";
import { findProgram } from "../lib/base/process/find_program.ts";
import { fileNames } from "../lib/base/files/directories.ts";
import { imagesDir } from "../lib/base/files/paths.ts";
import { $ } from "../lib/base/process/dollar.ts";
import type { PartName } from "../lib/config/parts.ts";
import { type Checkout, copyCheckout, copyPackages } from "./support/checkouts.ts";
import { makeSandbox, type Sandbox } from "./support/harness.ts";
import { assertNoBug, documentOf } from "./support/outcome.ts";
import { placePart, programFor, seeImages } from "./support/stand_ins.ts";
import { thorough } from "./support/thorough.ts";

const ARCH = Deno.build.arch;
const OTHER = ARCH === "x86_64" ? "aarch64" : "x86_64";
const BUILD_MS = 900_000;
const haveCross = findProgram(`${OTHER}-linux-gnu-gcc`) !== undefined;

/** Builds parts; returns the names of those that were not up to date. */
async function build(checkout: Checkout, task: string, ...args: string[]): Promise<string[]> {
  const outcome = await checkout.task(task, [...args, "--json"], { timeoutMs: BUILD_MS });
  assertEquals(outcome.code, 0, outcome.stderr);
  assertNoBug(outcome);
  const rows: { name: string; built: boolean }[] = documentOf(outcome).parts;
  return rows.filter(({ built }) => built).map(({ name }) => name).sort();
}

/** The digest of every file in a checkout's images, but for the records of when they were made. */
async function digests({ images }: Checkout): Promise<Record<string, string>> {
  const names = (await fileNames(images)).filter((name) => !name.endsWith(".json"));
  const entries = names.map(async (name) => [name, await sha256File(join(images, name))]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Two copies, one below a directory whose name has a space in it. */
const copies = async (box: Sandbox) =>
  [
    await copyCheckout(box, "one"),
    await copyCheckout(box, "another directory/two"),
  ] as const;

/** Builds parts in both; fails unless their files, and the recipes beside them, are the same. */
async function assertSame(
  [one, two]: readonly [Checkout, Checkout],
  task: string,
  ...args: string[]
): Promise<void> {
  const built = await build(one, task, ...args);
  assert(built.length > 0, "something is built");
  assertEquals(await build(two, task, ...args), built);
  assertEquals(await digests(one), await digests(two));
}

/**
 * Builds parts in this checkout, where other tests may have built them already, and in a copy; fails
 * unless the copy's files are the same. Not for what is made of the newest packages of their day.
 */
async function assertAsHere(
  box: Sandbox,
  copy: Checkout,
  task: string,
  ...args: string[]
): Promise<void> {
  const outcome = await box.task(task, args, { timeoutMs: BUILD_MS });
  assertEquals(outcome.code, 0, outcome.stderr);
  assert((await build(copy, task, ...args)).length > 0, "something is built");
  const made = await digests(copy);
  const here = await digests({ ...copy, images: imagesDir() });
  for (const [name, digest] of Object.entries(made)) {
    // The record here may be of a former version that wrote it in another form.
    if (!name.endsWith(".hash")) assertEquals(here[name], digest, name);
  }
}

/** Puts the same stand-in for a part into both. */
async function placeInBoth(both: readonly Checkout[], name: PartName, content: Uint8Array) {
  for (const { images } of both) {
    using _ = seeImages(images);
    await placePart({ name, arch: ARCH }, () => content.slice());
  }
}

Deno.test("the guest agent has the same bytes from two checkouts", async () => {
  await using box = await makeSandbox();
  const copy = await copyCheckout(box, "another directory/two");
  await assertAsHere(box, copy, "build-guest-agent", ARCH);
});

// What compiles the two is the same, and so is what compiles for either architecture.
Deno.test({
  name: "programs for another architecture have the same bytes from two checkouts",
  ignore: !haveCross || !thorough,
  fn: async () => {
    await using box = await makeSandbox();
    const both = await copies(box);
    for (const task of ["build-guest-agent", "build-tiny-init"]) {
      await assertSame(both, task, OTHER);
    }
  },
});

Deno.test("tiny-init has the same bytes from two checkouts, and affects what embeds it only through its bytes", async () => {
  await using box = await makeSandbox();
  const one = await copyCheckout(box, "another directory/one");
  await assertAsHere(box, one, "build-tiny-init", ARCH);
  await placeInBoth([one], "kernel", new Uint8Array(512));
  assertEquals(await build(one, "build-initramfs"), ["initramfs", "micro-initramfs"]);
  const before = await digests(one);

  await Deno.remove(join(one.images, `tiny-init-${ARCH}.hash`));
  assertEquals(await build(one, "build-initramfs"), ["tiny-init"]);
  assertEquals(await digests(one), before);

  const report = join(one.dir, "images/tiny-init/src/report.rs");
  const text = await Deno.readTextFile(report);
  assert(text.includes('"[init] {}"'));
  await Deno.writeTextFile(report, text.replace('"[init] {}"', '"[other] {}"'));
  // Older than the last build, as rsync, `cp -a` and tar leave it; cargo goes by that.
  await Deno.utime(report, 1, 1);
  const built = await build(one, "build-initramfs");
  assertEquals(built, ["initramfs", "micro-initramfs", "tiny-init"]);
  const after = await digests(one);
  for (const name of ["tiny-init", "initramfs", "initramfs-micro"]) {
    assertNotEquals(after[`${name}-${ARCH}`], before[`${name}-${ARCH}`], name);
  }
  assertEquals(after[`vmlinuz-${ARCH}`], before[`vmlinuz-${ARCH}`]);
});

Deno.test("the kernel, its modules and each initramfs have the same bytes from two checkouts", async () => {
  await using box = await makeSandbox();
  const both = await copies(box);
  await assertSame(both, "extract-kernel");
  await placeInBoth(both, "tiny-init", programFor(ARCH, 2 ** 20));
  await assertSame(both, "build-initramfs");
});

/** What the packages in a cache have of host keys: files that a hook lays must not stay. */
async function hostKeysIn(cache: string): Promise<string[]> {
  const tars = (await fileNames(cache)).filter((name) => /^rootfs-raw-.*\.tar\.zst$/.test(name));
  assert(tars.length > 0, "the packages are kept");
  const lists = tars.map((name) => $`tar --list --file ${join(cache, name)}`);
  const names = (await Promise.all(lists)).flatMap(({ stdout }) => stdout.split("\n"));
  return names.filter((name) => name.includes("ssh_host_"));
}

Deno.test("a disk has the same bytes from two checkouts", async (t) => {
  await using box = await makeSandbox();
  const both = await copies(box);
  await placeInBoth(both, "guest-agent", programFor(ARCH, 2 ** 20));
  for (const { images } of both) await copyPackages(box, join(dirname(images), "cache"));
  for (const fs of ["ext4", "erofs"]) {
    await t.step(fs, () => assertSame(both, "build-qcow2", "raw", "--fs", fs));
  }
  for (const { images } of both) {
    assertEquals(await hostKeysIn(join(dirname(images), "cache")), []);
  }
});
