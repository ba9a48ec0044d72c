import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { useImage } from "../../image/platform/platform_image.ts";
import { finishImage, makeImagesDir } from "../../image/platform/image_testing.ts";
import { copyBootFiles, mendBootFiles } from "./boot_files.ts";
import { devImage } from "./debian_image.ts";
import { DEV_FILES } from "../state/dev_paths.ts";

async function copyFrom(dir: string): Promise<void> {
  await using image = await useImage(await devImage());
  await copyBootFiles(image, dir);
}

for (const name of [DEV_FILES.kernel, DEV_FILES.initramfs]) {
  for (const text of ["", "cont", undefined]) {
    Deno.test(`mendBootFiles() copies ${name} again that is "${text}"`, async () => {
      await using images = await makeImagesDir();
      await finishImage(await devImage());
      await copyFrom(images.path);
      await mendBootFiles("armdev", images.path);
      const path = join(images.path, name);
      const whole = await Deno.readTextFile(path);
      await Deno.remove(path);
      if (text !== undefined) await Deno.writeTextFile(path, text);
      await mendBootFiles("armdev", images.path);
      assertEquals(await Deno.readTextFile(path), whole);
    });
  }
}

Deno.test("mendBootFiles() says what can be done if no image has the file", async () => {
  await using images = await makeImagesDir();
  const image = await finishImage(await devImage());
  await copyFrom(images.path);
  await Deno.remove(image, { recursive: true });
  await mendBootFiles("armdev", images.path);
  await Deno.truncate(join(images.path, DEV_FILES.kernel), 0);
  const error = await assertRejects(() => mendBootFiles("armdev", images.path), HostError);
  assertStringIncludes(error.message, "vmlinuz is missing or damaged");
  assertStringIncludes(error.next ?? "", "from a backup");
});

Deno.test("mendBootFiles() takes the files of a guest that has no records as they are", async () => {
  await using images = await makeImagesDir();
  await Deno.writeTextFile(join(images.path, "vmlinuz"), "of a former version");
  await mendBootFiles("armdev", images.path);
  assertEquals(await Deno.readTextFile(join(images.path, "vmlinuz")), "of a former version");
});
