/**
 * Removes a tree in which a directory of the host is mounted, as a build that was killed left it. To
 * be run in a mount namespace of its own.
 *
 *   deno run remove_mounted.ts TREE HOST_DIR
 */
import { $ } from "../dollar.ts";
import { removeTree } from "../remove_tree.ts";

const [tree = "", hostDir = ""] = Deno.args;
const point = `${tree}/root/dev`;
await Deno.mkdir(point, { recursive: true });
await $`mount --bind ${hostDir} ${point}`;
await removeTree(tree);
