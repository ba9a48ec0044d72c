/** An image that is made again by the same recipe with other bytes, in seconds instead of minutes. */
import { assert } from "@std/assert";
import { dirname, join } from "@std/path";
import { readDirectory } from "../../lib/store/directory.ts";
import { IMAGE_FILES, imagesDir } from "../../lib/base/files/paths.ts";
import { $ } from "../../lib/base/process/dollar.ts";
import { CURRENT } from "../../lib/image/platform/current.ts";
import { IMAGE } from "../../lib/image/platform/manifest.ts";
import { publishVersion } from "../../lib/image/platform/publish_version.ts";

/** Copies the checkout's image of a platform; returns the copy's directory. */
export async function copyImage(name: string, images: string): Promise<string> {
  const home = join(images, name);
  await Deno.mkdir(images, { recursive: true });
  await $`cp --archive --reflink=auto -- ${join(imagesDir(), name)} ${home}`;
  return home;
}

/**
 * Makes the image again with one more file in its root directory, and makes that the current version, as
 * `setup-images --force` does. Returns the new version's directory.
 */
export async function makeAgain(home: string, file: string, text: string): Promise<string> {
  const current = join(home, CURRENT);
  const { sidecar, manifest } = await readDirectory(IMAGE, current);
  assert(sidecar.kind === "recipe" && manifest !== undefined);
  const staging = join(home, "version-again");
  await Deno.mkdir(staging);
  for (const name of [IMAGE_FILES.kernel, IMAGE_FILES.initramfs, IMAGE_FILES.packages]) {
    await Deno.copyFile(join(current, name), join(staging, name));
  }
  const [raw, source] = [join(dirname(home), "disk.raw"), join(dirname(home), "text")];
  await Deno.writeTextFile(source, text);
  const disk = IMAGE_FILES.disk;
  await $`qemu-img convert -O raw ${join(current, disk)} ${raw}`;
  await $`debugfs -w -R ${`write ${source} ${file}`} ${raw}`;
  await $`qemu-img convert -O qcow2 ${raw} ${join(staging, disk)}`;
  await Deno.remove(raw);
  const { name, kernelVersion } = manifest;
  return await publishVersion(home, staging, { name, kernelVersion, recipe: sidecar.recipe });
}
