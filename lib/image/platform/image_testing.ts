/** Parts of the tests of images: a platform, and directories that look like finished images. */
import { join } from "@std/path";
import { definePlatform, type Platform, type PlatformOf } from "../../config/platform.ts";
import { IMAGE_FILES } from "../../base/files/paths.ts";
import { sandbox } from "../../base/host_testing.ts";
import { imageHome } from "./current.ts";
import { imageRecipe } from "./platform_image.ts";
import { publishVersion } from "./publish_version.ts";

/** A platform, with other values for fields of its image recipe. */
export function testPlatform(
  image: Partial<PlatformOf<"debian">["image"]> = {},
): PlatformOf<"debian"> {
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
  const own = (platform as PlatformOf<"debian">).image;
  return { ...platform, image: { ...own, ...image } };
}

/** A directory for images that goes when the test ends. */
export async function makeImagesDir(): Promise<{ path: string } & AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const { path } = stack.use(await sandbox());
  stack.use(await sandbox({ GUESTHOUSE_IMAGES: join(path, "dist"), XDG_RUNTIME_DIR: path }));
  return { path, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Writes the files of an image into a directory, each with its own name as contents. */
export async function writeImageFiles(dir: string): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  for (const name of ["disk", "kernel", "initramfs", "packages"] as const) {
    await Deno.writeTextFile(join(dir, IMAGE_FILES[name]), `contents of ${name}\n`);
  }
}

/** Gives a file other bytes and its former time, as a restored backup or a careless tool does. */
export async function changeQuietly(path: string, text: string): Promise<void> {
  const { atime, mtime } = await Deno.stat(path);
  await Deno.writeTextFile(path, text);
  await Deno.utime(path, atime!, mtime!);
}

/**
 * Makes a finished image of the platform as its recipe is now the current version; returns its
 * directory. Another `disk` stands for a build that gave other bytes under the same recipe.
 */
export async function finishImage(platform: Platform, disk?: string): Promise<string> {
  const home = imageHome(platform.name);
  const staging = join(home, "version-test");
  await writeImageFiles(staging);
  if (disk !== undefined) await Deno.writeTextFile(join(staging, IMAGE_FILES.disk), disk);
  const recipe = await imageRecipe(platform);
  return await publishVersion(home, staging, {
    ...{ name: platform.name, recipe, kernelVersion: "6.1.0-1" },
  });
}
