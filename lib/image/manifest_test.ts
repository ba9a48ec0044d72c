import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { formatError, HostError } from "../cli/errors.ts";
import { run } from "../host/process.ts";
import { haveProgram, sandbox } from "../host/testing.ts";
import { writeImageFiles } from "./image_testing.ts";
import { type ImageManifest, readManifest, verifyImage, writeManifest } from "./manifest.ts";
import { sha256File } from "../cache/file_digest.ts";

const FACTS = { name: "debian-test", key: "0123", kernelVersion: "6.1.0-1" };

/** A folder with the files of an image and their manifest. */
async function sampleImage(): Promise<{ dir: string; manifest: ImageManifest } & AsyncDisposable> {
  const box = await sandbox();
  await writeImageFiles(box.path);
  const manifest = await writeManifest(box.path, FACTS);
  return { dir: box.path, manifest, [Symbol.asyncDispose]: () => box[Symbol.asyncDispose]() };
}

Deno.test("writeManifest() records each file, and readManifest() reads that", async () => {
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

Deno.test("writeManifest() fails where a file is missing, and writes nothing", async () => {
  await using box = await sandbox();
  await writeImageFiles(box.path);
  await Deno.remove(join(box.path, "vmlinuz"));
  await assertRejects(() => writeManifest(box.path, FACTS), Deno.errors.NotFound);
  assertEquals(await readManifest(box.path), undefined);
});

const broken = {
  "that is cut off": '{"name": "debian-test", "fi',
  "that is empty": "",
  "that is no object": "null",
  "without files": '{"name": "debian-test"}',
  "whose files are null": '{"name": "debian-test", "files": null}',
  "that leaves out the disk": '{"name": "debian-test", "files": {"vmlinuz": {}}}',
};
for (const [what, text] of Object.entries(broken)) {
  Deno.test(`readManifest() takes a manifest ${what} for none`, async () => {
    await using image = await sampleImage();
    await Deno.writeTextFile(join(image.dir, "image.json"), text);
    assertEquals(await readManifest(image.dir), undefined);
  });
}

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
  const why = "is damaged: its SHA-256 is not that of the file that was built";
  assertEquals(fault, refusal(image.dir, "initramfs", why));
});

Deno.test("verifyImage() accepts a whole file whose time has changed, as after a copy", async () => {
  await using image = await sampleImage();
  for (const name of Object.keys(image.manifest.files)) {
    await Deno.utime(join(image.dir, name), 1, 1);
  }
  await verifyImage(image.dir, image.manifest);
});

Deno.test("verifyImage() reads no file whose size and time are those that were recorded", async () => {
  await using image = await sampleImage();
  const path = join(image.dir, "disk.qcow2");
  const { atime, mtime } = await Deno.stat(path);
  await Deno.writeTextFile(path, "CONTENTS OF DISK\n");
  await Deno.utime(path, atime!, mtime!);
  await verifyImage(image.dir, image.manifest);
});

Deno.test({
  name: "sha256File() agrees with sha256sum, also beyond its buffer",
  ignore: !haveProgram("sha256sum"),
  async fn() {
    await using box = await sandbox();
    for (const bytes of [0, 1, 1 << 20, (1 << 20) + 1]) {
      const path = join(box.path, String(bytes));
      await Deno.writeFile(path, new Uint8Array(bytes).fill(7));
      const { stdout } = await run(["sha256sum"], { stdin: await Deno.readFile(path) });
      assertEquals(await sha256File(path), stdout.slice(0, 64));
    }
  },
});
