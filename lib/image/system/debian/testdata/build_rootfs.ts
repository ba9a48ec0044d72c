/**
 * Builds a root file system with the mmdebstrap on PATH; prints what that prints.
 *
 *   deno run build_rootfs.ts OUTPUT
 */
import { buildRootfs } from "../rootfs.ts";
import { standInRecipe } from "../rootfs_testing.ts";

await buildRootfs(standInRecipe, {
  output: Deno.args[0] ?? "",
  configure: "now",
  log: (line) => console.log(line),
  signal: new AbortController().signal,
});
