import { join } from "@std/path";
import { syncPath } from "../../base/files/atomic_write.ts";
import type { Recipe } from "../../store/recipe.ts";
import { recordDirectory } from "../../store/directory.ts";
import { publish } from "../../store/publish.ts";
import { IMAGE_FILES } from "../../base/files/paths.ts";
import { $ } from "../../base/process/dollar.ts";
import type { SystemBoot } from "../system/guest_system.ts";
import { CURRENT } from "./current.ts";
import { FIRMWARE_IMAGE, IMAGE, versionName } from "./manifest.ts";

/** Files of the current version that have a path of their own in the image's directory. */
const LINKED = [IMAGE_FILES.disk, IMAGE_FILES.kernel, IMAGE_FILES.initramfs];

/**
 * Makes a directory that holds the whole files of an image a version of it, and then the current
 * one: guests start from the former one, or from this one. The path of a version names what is in
 * it, so nothing is replaced, and users of a former version keep it. The caller holds the lock
 * of those who build the image. Returns the version's directory.
 *
 * @param home the image's directory, on the same file system as `staging`
 */
export async function publishVersion(
  home: string,
  staging: string,
  { recipe, boot = "kernel", ...facts }: {
    readonly name: string;
    readonly recipe: Recipe;
    readonly kernelVersion: string;
    /** What boots it, which decides which files it has. Default `kernel`. */
    readonly boot?: SystemBoot;
  },
): Promise<string> {
  const kind = boot === "kernel" ? IMAGE : FIRMWARE_IMAGE;
  const manifest = await recordDirectory(kind, staging, recipe, facts);
  const version = await versionName(manifest);
  const dir = join(home, version);
  await publish([{ from: staging, to: dir }], {
    vouch: async () => {
      await replaceLink(join(home, CURRENT), version);
      for (const file of LINKED.filter((file) => kind.files.includes(file))) {
        const [path, target] = [join(home, file), join(CURRENT, file)];
        if (await Deno.readLink(path).catch(() => "") !== target) await replaceLink(path, target);
      }
      // Before anybody removes the version to which the link led until now.
      await syncPath(home);
    },
  });
  // Of former versions of guesthouse, which had it here.
  await Deno.remove(join(home, IMAGE_FILES.sidecar)).catch(() => {});
  return dir;
}

/** Replaces a link, or makes it, in one step. */
async function replaceLink(path: string, target: string): Promise<void> {
  const fresh = `${path}.new`;
  await Deno.remove(fresh).catch(() => {});
  // By ln, since Deno.symlink() wants permission to write everywhere.
  await $`ln -s ${target} ${fresh}`.what("link the image");
  await Deno.rename(fresh, path);
}
