import { join } from "@std/path";
import { syncPath } from "../../base/files/atomic_write.ts";
import type { Recipe } from "../../store/recipe.ts";
import { writeSidecar } from "../../store/sidecar.ts";
import { IMAGE_FILES } from "../../base/files/paths.ts";
import { runChecked } from "../../base/process/process.ts";
import { CURRENT, versionLock } from "./current.ts";
import { versionName, writeManifest } from "./manifest.ts";

/** Files of the current version that have a path of their own in the image's directory. */
const LINKED = [IMAGE_FILES.disk, IMAGE_FILES.kernel, IMAGE_FILES.initramfs];

/**
 * Makes a directory that holds the whole files of an image a version of it, and then the current
 * one: guests start from the former one, or from this one. The path of a version names what is in
 * it, so nothing is replaced, and whoever uses a former version keeps it. The caller holds the lock
 * of those who build the image. Returns the version's directory.
 *
 * @param home the image's directory, on the same file system as `staging`
 */
export async function publishVersion(
  home: string,
  staging: string,
  { recipe, ...facts }: {
    readonly name: string;
    readonly recipe: Recipe;
    readonly kernelVersion: string;
  },
): Promise<string> {
  // The records and the link vouch for what a crash of the host must not take back.
  for await (const { name } of Deno.readDir(staging)) await syncPath(join(staging, name));
  await Deno.writeTextFile(versionLock(staging), "");
  await writeSidecar(join(staging, IMAGE_FILES.sidecar), recipe);
  const version = versionName(await writeManifest(staging, { ...facts, key: recipe.key }));
  const dir = join(home, version);
  await Deno.rename(staging, dir);
  await syncPath(home);
  await replaceLink(join(home, CURRENT), version);
  for (const file of LINKED) {
    const [path, target] = [join(home, file), join(CURRENT, file)];
    if (await Deno.readLink(path).catch(() => "") !== target) await replaceLink(path, target);
  }
  // Of former versions of guesthouse, which had it here.
  await Deno.remove(join(home, IMAGE_FILES.sidecar)).catch(() => {});
  return dir;
}

/** Replaces a link, or makes it, in one step. */
async function replaceLink(path: string, target: string): Promise<void> {
  const fresh = `${path}.new`;
  await Deno.remove(fresh).catch(() => {});
  // By ln, since Deno.symlink() wants permission to write everywhere.
  await runChecked(["ln", "-s", target, fresh], { what: "link the image" });
  await Deno.rename(fresh, path);
}
