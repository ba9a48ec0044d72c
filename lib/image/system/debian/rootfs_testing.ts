/** Parts of the tests of root file systems: a recipe, and a program that stands in for mmdebstrap. */
import { dirname, join } from "@std/path";
import { root } from "../../../base/files/paths.ts";
import { sandbox } from "../../../base/host_testing.ts";
import type { RootfsRecipe } from "./rootfs.ts";

/** A recipe that runs nothing of another architecture. */
export const standInRecipe: RootfsRecipe = {
  suite: "bookworm",
  debArch: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
  arch: Deno.build.arch,
  packages: [],
  provision: join(root, "provision/debian.sh"),
  firstBoot: join(root, "provision/debian_first_boot.sh"),
};

/** A sandbox with its own directory for temporary files, in which this script is mmdebstrap. */
export async function withMmdebstrap(
  script: string,
): Promise<{ readonly path: string; readonly tmp: string } & AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const box = stack.use(await sandbox());
  const tmp = join(box.path, "tmp");
  const bin = join(box.path, "bin");
  await Deno.mkdir(tmp);
  // As open to other users as /tmp is.
  await Deno.chmod(dirname(box.path), 0o755);
  await Deno.mkdir(bin);
  await box.script("bin/mmdebstrap", script);
  const PATH = `${bin}:${Deno.env.get("PATH")}`;
  stack.use(await sandbox({ TMPDIR: tmp, PATH }));
  return { path: box.path, tmp, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
