// What the plan of lib/ forbids, looked for in the texts of modules.
import { walk } from "@std/fs";
import { basename, dirname, join, relative, resolve } from "@std/path";
import { root } from "../../lib/base/files/paths.ts";

/** From the bottom up. A room of another's name before the slash is a part of it. */
export const ROOMS: readonly string[] = [
  ...["base/text", "base", "base/time", "base/files", "base/process", "base/terminal"],
  ...["cli", "store", "symptoms", "config", "project"],
  ...["host", "host/tools", "host/accelerator", "qemu", "guest/proxy", "guest", "guest/agent"],
  ...["image", "image/format", "image/boot", "image/disk", "image/system", "image/system/debian"],
  ...["image/system/ubuntu", "image/system/bsd", "image/system/freebsd", "image/system/netbsd"],
  ...["image/parts", "image/platform", "vm", "setup", "report", "ci", "micro"],
  ...["dev/state", "dev/sync", "dev/share", "dev/flavour", "dev/flavour/nixos", "dev"],
  ...["cleanup", "diagnose", "bench", "test_run"],
];

/** Texts of modules by their paths in the checkout, without tests. */
export type Tree = ReadonlyMap<string, string>;

/** Reads the modules below directories of this checkout. */
export async function readTree(...dirs: readonly string[]): Promise<Tree> {
  const tree = new Map<string, string>();
  for (const dir of dirs) {
    const entries = walk(join(root, dir), { includeDirs: false, exts: [".ts"] });
    for await (const { path } of entries) {
      if (/_test(ing)?\.ts$|\/testdata\//.test(path)) continue;
      tree.set(relative(root, path), await Deno.readTextFile(path));
    }
  }
  return new Map([...tree].sort());
}

/** What a module imports, types included and lazily or not, by paths in the checkout. */
function importsOf(path: string, text: string): string[] {
  // Examples in docstrings import their own module.
  const code = text.replaceAll(/^ *\*.*$/gm, "");
  const found = code.matchAll(/(?:\bfrom|\bimport\(?)\s*"(\.[^"]+)"/g);
  return [...found].map(([, to = ""]) => relative(root, resolve(join(root, dirname(path)), to)));
}

const roomOf = (path: string) => dirname(path).replace(/^lib\//, "");
const isIn = (dir: string) => (path: string) => path.startsWith(`${dir}/`);

/** Rooms that have modules in the tree. */
export const roomsIn = (tree: Tree): string[] =>
  [...new Set([...tree.keys()].filter(isIn("lib")).map(roomOf))].sort();

/** `A imports B` for each import that the plan forbids. */
export function forbiddenImports(tree: Tree): string[] {
  return [...tree].flatMap(([path, text]) =>
    importsOf(path, text).filter((to) => isForbidden(path, to)).map((to) => `${path} imports ${to}`)
  );
}

function isForbidden(path: string, to: string): boolean {
  if (isIn("lib")(path)) {
    return !isIn("lib")(to) || ROOMS.indexOf(roomOf(to)) > ROOMS.indexOf(roomOf(path));
  }
  if (isIn("configs")(path)) return !/^(lib\/config|configs)\//.test(to);
  return /^(tasks|tests)\//.test(to);
}

/** `A > B > A` for each way in which a module imports itself through others. */
export function circlesIn(tree: Tree): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, above: readonly string[]) => {
    if (above.includes(path)) circles.push([...above.slice(above.indexOf(path)), path].join(" > "));
    if (done.has(path) || above.includes(path)) return;
    for (const to of importsOf(path, tree.get(path) ?? "")) visit(to, [...above, path]);
    done.add(path);
  };
  for (const path of tree.keys()) visit(path, []);
  return circles;
}

/** Paths in several rooms that have the same file name. */
export const sharedNames = (tree: Tree): string[][] =>
  [...Map.groupBy(tree.keys(), (path) => basename(path)).values()]
    .filter((paths) => paths.length > 1);
