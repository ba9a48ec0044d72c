/** Parts of the tests of images: a platform, and folders that look like finished images. */
import { join } from "@std/path";
import { definePlatform, type Platform } from "../config/platform.ts";
import { writeSidecar } from "../cache/sidecar.ts";
import { IMAGE_FILES } from "../host/paths.ts";
import { sandbox } from "../host/testing.ts";
import { imageRecipe, imageSidecar, imageVersionDir } from "./image.ts";
import { writeManifest } from "./manifest.ts";

/** A platform, with other values for fields of its image recipe. */
export function testPlatform(image: Partial<Platform["image"]> = {}): Platform {
  const platform = definePlatform({
    name: "debian-test",
    os: "linux",
    arch: "x86_64",
    diskImage: "debian-test/disk.qcow2",
    machine: "q35",
    image: {
      kind: "debian",
      suite: "bookworm",
      debArch: "amd64",
      packages: ["cmake", "make"],
      kernelPackage: "linux-image-cloud-amd64",
      diskGiB: 8,
      provision: "provision/debian.sh",
    },
  });
  return { ...platform, image: { ...platform.image, ...image } };
}

/** A folder for images that goes when the test ends. */
export async function imagesFolder(): Promise<{ path: string } & AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const { path } = stack.use(await sandbox());
  stack.use(await sandbox({ GUESTHOUSE_IMAGES: join(path, "dist"), XDG_RUNTIME_DIR: path }));
  return { path, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Writes the files of an image into a folder, each with its own name as contents. */
export async function writeImageFiles(dir: string): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  for (const name of ["disk", "kernel", "initramfs", "packages"] as const) {
    await Deno.writeTextFile(join(dir, IMAGE_FILES[name]), `contents of ${name}\n`);
  }
}

/** Makes a finished image of the platform as its recipe is now; returns its folder. */
export async function finishImage(platform: Platform): Promise<string> {
  const recipe = await imageRecipe(platform);
  const dir = imageVersionDir(platform.name, recipe.key);
  await writeImageFiles(dir);
  await writeManifest(dir, { name: platform.name, key: recipe.key, kernelVersion: "6.1.0-1" });
  await writeSidecar(imageSidecar(platform.name), recipe);
  return dir;
}
