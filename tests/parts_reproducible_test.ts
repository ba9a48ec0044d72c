// Builds image parts from two copies of this checkout in different folders, with the real programs.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { sha256File } from "../lib/cache/file_digest.ts";
import { findProgram } from "../lib/host/find_program.ts";
import { fileNames } from "../lib/host/folders.ts";
import { type Checkout, copyCheckout, copyPackages } from "./checkouts.ts";
import { makeSandbox } from "./harness.ts";
import { assertNoBug, documentOf } from "./outcome.ts";

const ARCH = Deno.build.arch;
const OTHER = ARCH === "x86_64" ? "aarch64" : "x86_64";
const BUILD_MS = 900_000;
/** Programs are also compiled for the other architecture, where there is a compiler for it. */
const PROGRAMS_FOR = findProgram(`${OTHER}-linux-gnu-gcc`) === undefined ? ARCH : "all";

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

Deno.test("image parts are the same bytes from two checkouts, and follow what they embed", async (test) => {
  await using box = await makeSandbox();
  const one = await copyCheckout(box, "one");
  const two = await copyCheckout(box, "another folder/two");
  const both = async (task: string, ...args: string[]) => {
    await build(one, task, ...args);
    await build(two, task, ...args);
    const [a, b] = [await digests(one), await digests(two)];
    assert(Object.keys(a).length > 0);
    // The recipes beside the files too: no input is a place.
    assertEquals(a, b);
  };
  await test.step("the guest agent", () => both("build-guest-agent", PROGRAMS_FOR));
  await test.step("tiny-init", () => both("build-tiny-init", PROGRAMS_FOR));
  await test.step("the kernel and its modules", () => both("extract-kernel"));
  await test.step("both initramfs", () => both("build-initramfs"));
  await test.step("disks", async () => {
    for (const { images } of [one, two]) await copyPackages(box, join(dirname(images), "cache"));
    await both("build-qcow2", "raw");
    await both("build-qcow2", "raw", "--fs", "erofs");
  });
  await test.step("a part that is built again to the same bytes forces nothing else", async () => {
    for (const part of [`guest-agent-linux-${ARCH}`, `tiny-init-${ARCH}`]) {
      await Deno.remove(join(one.images, `${part}.hash`));
    }
    assertEquals(await build(one, "build-qcow2", "raw"), ["guest-agent"]);
    assertEquals(await build(one, "build-initramfs"), ["tiny-init"]);
    assertEquals(await digests(one), await digests(two));
  });
  await test.step("a part with other bytes forces what embeds it", async () => {
    const before = await digests(one);
    const report = join(one.dir, "images/tiny-init/src/report.rs");
    const text = await Deno.readTextFile(report);
    assert(text.includes('"[init] {}"'));
    await Deno.writeTextFile(report, text.replace('"[init] {}"', '"[other] {}"'));
    const built = await build(one, "build-initramfs");
    assertEquals(built, ["initramfs", "micro-initramfs", "tiny-init"]);
    const after = await digests(one);
    for (const name of ["tiny-init", "initramfs", "initramfs-micro"]) {
      assertNotEquals(after[`${name}-${ARCH}`], before[`${name}-${ARCH}`], name);
    }
    assertEquals(after[`vmlinuz-${ARCH}`], before[`vmlinuz-${ARCH}`]);
  });
});
