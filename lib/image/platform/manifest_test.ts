import { delay } from "@std/async";
import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { formatError, HostError } from "../../base/errors.ts";
import { $ } from "../../base/process/dollar.ts";
import { haveProgram, sandbox } from "../../base/host_testing.ts";
import { changeQuietly, writeImageFiles } from "./image_testing.ts";
import { contentDigest, IMAGE, type ImageManifest, verifyImage, versionName } from "./manifest.ts";
import { readDirectory, recordDirectory } from "../../store/directory.ts";
import { sha256File } from "../../base/files/file_digest.ts";

const FACTS = { name: "debian-test", key: "0123".repeat(16), kernelVersion: "6.1.0-1" };

const writeManifest = (dir: string, { key, ...facts } = FACTS) =>
  recordDirectory(IMAGE, dir, { key, inputs: [] }, facts);

const readManifest = async (dir: string) => (await readDirectory(IMAGE, dir)).manifest;

/** A directory with the files of an image and their manifest. */
async function sampleImage(): Promise<{ dir: string; manifest: ImageManifest } & AsyncDisposable> {
  const box = await sandbox();
  await writeImageFiles(box.path);
  const manifest = await writeManifest(box.path, FACTS);
  return { dir: box.path, manifest, [Symbol.asyncDispose]: () => box[Symbol.asyncDispose]() };
}

Deno.test("recordDirectory() records each file of an image, and readDirectory() reads that", async () => {
  await using image = await sampleImage();
  const { manifest } = image;
  assertEquals(await readManifest(image.dir), manifest);
  assertEquals([manifest.name, manifest.key, manifest.kernelVersion], Object.values(FACTS));
  assertMatch(manifest.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const names = ["disk.qcow2", "initramfs", "packages.txt", "vmlinuz"];
  assertEquals(Object.keys(manifest.files).sort(), names);
  assertEquals(manifest.files["vmlinuz"]?.bytes, "contents of kernel\n".length);
  await verifyImage(image.dir, manifest);
});

Deno.test("recordDirectory() fails where a file is missing, and writes nothing", async () => {
  await using box = await sandbox();
  await writeImageFiles(box.path);
  await Deno.remove(join(box.path, "vmlinuz"));
  await assertRejects(() => writeManifest(box.path, FACTS), Deno.errors.NotFound);
  assertEquals(await readManifest(box.path), undefined);
});

/** A manifest as it is written, with other values for some fields. */
const edited = (facts: Record<string, unknown>, files: Record<string, unknown> = {}) => {
  const file = { sha256: "ab".repeat(32), bytes: 1, identity: "1 2 3 4" };
  const names = ["disk.qcow2", "vmlinuz", "initramfs", "packages.txt"];
  const whole = { ...Object.fromEntries(names.map((name) => [name, file])), ...files };
  return JSON.stringify({ ...FACTS, created: "2026-11-01T10:00:00.000Z", files: whole, ...facts });
};

const broken = {
  "that is cut off": '{"name": "debian-test", "fi',
  "that is empty": "",
  "that is no object": "null",
  "without files": '{"name": "debian-test"}',
  "whose files are null": '{"name": "debian-test", "files": null}',
  "that leaves out the disk": '{"name": "debian-test", "files": {"vmlinuz": {}}}',
  "with a null entry": edited({}, { vmlinuz: null }),
  "with an entry that is a list": edited({}, { vmlinuz: [] }),
  "without a digest": edited({}, { vmlinuz: { bytes: 1, identity: "" } }),
  "whose digest is none": edited({}, { vmlinuz: { sha256: "0", bytes: 1, identity: "" } }),
  "whose size is none": edited({}, { vmlinuz: { sha256: "ab".repeat(32), bytes: -1 } }),
  "with one file more": edited({}, { "../../secret": { sha256: "ab".repeat(32), bytes: 1 } }),
  "whose files are a list": edited({ files: [] }),
  "without a key": edited({ key: null }),
  "whose name is no text": edited({ name: {} }),
};
for (const [what, text] of Object.entries(broken)) {
  Deno.test(`readDirectory() ignores a manifest ${what}`, async () => {
    await using image = await sampleImage();
    const path = join(image.dir, "image.json");
    await Deno.writeTextFile(path, edited({}));
    assertEquals((await readManifest(image.dir))?.name, "debian-test");
    await Deno.writeTextFile(path, text);
    assertEquals(await readManifest(image.dir), undefined);
  });
}

Deno.test("readDirectory() ignores a directory in the manifest's place", async () => {
  await using box = await sandbox();
  await Deno.mkdir(join(box.path, "image.json"));
  assertEquals(await readManifest(box.path), undefined);
});

Deno.test("contentDigest() is of the bytes alone, and versionName() of the build", async () => {
  await using box = await sandbox();
  const build = async (dir: string, key = FACTS.key, disk = "contents of disk\n") => {
    await writeImageFiles(join(box.path, dir));
    await Deno.writeTextFile(join(box.path, dir, "disk.qcow2"), disk);
    return await writeManifest(join(box.path, dir), { ...FACTS, key });
  };
  const one = await build("one");
  const again = { ...await build("again"), created: "2026-11-01T10:00:00.000Z" };
  const other = await build("other", FACTS.key, "CONTENTS OF DISK\n");
  assertEquals(await contentDigest(again), await contentDigest(one));
  assertEquals(await contentDigest(await build("key", "ab".repeat(32))), await contentDigest(one));
  assertNotEquals(await contentDigest(other), await contentDigest(one));
  assertEquals(new Set(await Promise.all([one, again, other].map(versionName))).size, 3);
  assertEquals((await versionName(one)).slice(0, 17), "0123012301230123-");
  // A copy is the same version.
  const files = { ...one.files, vmlinuz: { ...one.files.vmlinuz!, identity: "another" } };
  assertEquals(await versionName({ ...one, files }), await versionName(one));
});

/** The error for a fault of a file. */
const refusal = (dir: string, name: string, fault: string) =>
  `Cannot use image "debian-test": ${name} ${fault}\n` +
  `  file: ${join(dir, name)}\n` +
  "  next: deno task setup-images debian-test --force";

/** What verifyImage() says once something was done to the image. */
async function faultAfter(
  image: { dir: string; manifest: ImageManifest },
  change: () => Promise<void>,
): Promise<string> {
  await change();
  return formatError(
    await assertRejects(() => verifyImage(image.dir, image.manifest), HostError),
  );
}

for (const name of ["disk.qcow2", "vmlinuz", "initramfs", "packages.txt"]) {
  Deno.test(`verifyImage() finds that ${name} is missing`, async () => {
    await using image = await sampleImage();
    const fault = await faultAfter(image, () => Deno.remove(join(image.dir, name)));
    assertEquals(fault, refusal(image.dir, name, "is missing"));
  });
}

Deno.test("verifyImage() finds a file of another size", async () => {
  await using image = await sampleImage();
  const disk = join(image.dir, "disk.qcow2");
  const fault = await faultAfter(image, () => Deno.truncate(disk, 5));
  assertEquals(
    fault,
    refusal(image.dir, "disk.qcow2", "has 5 bytes, not the 17 that were built"),
  );
});

Deno.test("verifyImage() finds a damaged file of the same size by its hash", async () => {
  await using image = await sampleImage();
  const fault = await faultAfter(image, async () => {
    const path = join(image.dir, "initramfs");
    await Deno.writeTextFile(path, "contents of INITRAMFS\n");
    await Deno.utime(path, 1, 1);
  });
  assertEquals(fault, refusal(image.dir, "initramfs", DAMAGED));
});

Deno.test("verifyImage() accepts a whole file whose time has changed, as after a copy", async () => {
  await using image = await sampleImage();
  for (const name of Object.keys(image.manifest.files)) {
    await Deno.utime(join(image.dir, name), 1, 1);
  }
  await verifyImage(image.dir, image.manifest);
});

const DAMAGED = "is damaged: its SHA-256 is not that of the file that was built";

Deno.test("verifyImage() finds bytes that changed under the same size and time", async () => {
  await using image = await sampleImage();
  const path = join(image.dir, "disk.qcow2");
  const fault = await faultAfter(image, () => changeQuietly(path, "CONTENTS OF DISK\n"));
  assertEquals(fault, refusal(image.dir, "disk.qcow2", DAMAGED));
});

Deno.test("verifyImage() finds another file in a file's place, of the same size and time", async () => {
  await using image = await sampleImage();
  const path = join(image.dir, "disk.qcow2");
  const fault = await faultAfter(image, async () => {
    const { atime, mtime } = await Deno.stat(path);
    await Deno.writeTextFile(`${path}.new`, "CONTENTS OF DISK\n");
    await Deno.utime(`${path}.new`, atime!, mtime!);
    await Deno.rename(`${path}.new`, path);
  });
  assertEquals(fault, refusal(image.dir, "disk.qcow2", DAMAGED));
});

Deno.test("verifyImage() reads what was copied until it knows it, and nothing else", async () => {
  await using image = await sampleImage();
  await delay(2_100);
  await verifyImage(image.dir, image.manifest);
  const manifest = await readManifest(image.dir);
  assertNotEquals(manifest, image.manifest);
  // With digests of other files, they only pass if nobody reads them.
  const files = { ...manifest!.files };
  for (const name of ["vmlinuz", "disk.qcow2"] as const) {
    files[name] = { ...files[name]!, sha256: "ab".repeat(32) };
  }
  await verifyImage(image.dir, { ...manifest!, files });
});

Deno.test({
  name: "sha256File() agrees with sha256sum, also beyond its buffer",
  ignore: !haveProgram("sha256sum"),
  async fn() {
    await using box = await sandbox();
    for (const bytes of [0, 1, 1 << 20, (1 << 20) + 1]) {
      const path = join(box.path, String(bytes));
      await Deno.writeFile(path, new Uint8Array(bytes).fill(7));
      const { stdout } = await $`sha256sum`.stdin(await Deno.readFile(path));
      assertEquals(await sha256File(path), stdout.slice(0, 64));
    }
  },
});
