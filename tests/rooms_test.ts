// The plan of lib/: a room is a job, and imports only rooms above it. docs/architecture.md says what
// each is for.
import { assertEquals } from "@std/assert";
import { walk } from "@std/fs";
import { basename, dirname, join, relative, resolve } from "@std/path";
import { root } from "../lib/base/files/paths.ts";

/** From the bottom up. A room of another's name before the slash is a part of it. */
const ROOMS: readonly string[] = [
  ...["base/text", "base", "base/time", "base/files", "base/process", "base/terminal"],
  ...["cli", "store", "symptoms", "config", "project"],
  ...["host", "host/tools", "host/accelerator", "qemu", "guest/proxy", "guest", "guest/agent"],
  ...[
    "image",
    "image/format",
    "image/boot",
    "image/disk",
    "image/system",
    "image/system/debian",
    "image/parts",
  ],
  ...["image/platform", "vm", "setup", "report", "ci", "micro"],
  ...["dev/state", "dev/sync", "dev/share", "dev/flavour", "dev/flavour/nixos", "dev"],
  ...["cleanup", "diagnose", "bench", "test_run"],
];

interface Import {
  readonly to: string;
  /** Whether it is only loaded when a function runs. */
  readonly lazy: boolean;
}

/** What a module imports, types included, by paths relative to the checkout. */
async function importsOf(path: string): Promise<Import[]> {
  // Examples in docstrings import their own module.
  const text = (await Deno.readTextFile(join(root, path))).replaceAll(/^ *\*.*$/gm, "");
  const found = text.matchAll(/(\bfrom|\bimport\(?)\s*"(\.[^"]+)"/g);
  return [...found].map(([, word = "", to = ""]) => ({
    to: relative(root, resolve(join(root, dirname(path)), to)),
    lazy: word.endsWith("("),
  }));
}

async function modulesBelow(dir: string): Promise<string[]> {
  const entries = walk(join(root, dir), { includeDirs: false, exts: [".ts"] });
  const paths = await Array.fromAsync(entries, ({ path }) => relative(root, path));
  return paths.filter((path) => !/_test(ing)?\.ts$|\/testdata\//.test(path)).sort();
}

const roomOf = (path: string) => dirname(path).replace(/^lib\//, "");

Deno.test("every module of lib/ is in a room, and every room has modules", async () => {
  const rooms = new Set((await modulesBelow("lib")).map(roomOf));
  assertEquals([...rooms].sort(), ROOMS.toSorted());
});

Deno.test("a room imports only itself and rooms above it, and no configuration", async () => {
  const wrong: string[] = [];
  for (const path of await modulesBelow("lib")) {
    for (const { to } of await importsOf(path)) {
      const [from, target] = [ROOMS.indexOf(roomOf(path)), ROOMS.indexOf(roomOf(to))];
      if (!to.startsWith("lib/") || target > from) wrong.push(`${path} imports ${to}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("no module imports itself through others, by values, types or lazily", async () => {
  const graph = new Map<string, string[]>();
  for (const path of await modulesBelow("lib")) {
    graph.set(path, (await importsOf(path)).map(({ to }) => to));
  }
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, above: readonly string[]) => {
    if (above.includes(path)) circles.push([...above.slice(above.indexOf(path)), path].join(" > "));
    if (done.has(path) || above.includes(path)) return;
    for (const to of graph.get(path) ?? []) visit(to, [...above, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  assertEquals(circles, []);
});

Deno.test("configs/ imports lib/config and its own parts alone", async () => {
  const wrong: string[] = [];
  for (const path of await modulesBelow("configs")) {
    for (const { to } of await importsOf(path)) {
      if (!/^(lib\/config|configs)\//.test(to)) wrong.push(`${path} imports ${to}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("tasks import no other task, and nothing imports from tests/", async () => {
  const wrong: string[] = [];
  for (const path of [...await modulesBelow("tasks"), ...await modulesBelow("lib")]) {
    for (const { to } of await importsOf(path)) {
      if (/^(tasks|tests)\//.test(to)) wrong.push(`${path} imports ${to}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("no two rooms share a file name for different things", async () => {
  const byName = Map.groupBy(await modulesBelow("lib"), (path) => basename(path));
  assertEquals([...byName.values()].filter((paths) => paths.length > 1), []);
});

Deno.test("docs/architecture.md draws every room, and names modules that exist", async () => {
  const text = await Deno.readTextFile(join(root, "docs/architecture.md"));
  const drawing = text.slice(text.indexOf("## The rooms"), text.indexOf("## The path"));
  for (const room of ROOMS) {
    const name = room.replace("system/debian", "system/NAME").replace(/^.*?\/(?=.)/, "");
    assertEquals(drawing.includes(`${name}/`), true, room);
  }
  const paths = [...text.matchAll(/`([a-z_]+\/[a-z_/]*\.ts)`/g)].map(([, path = ""]) => path);
  assertEquals(paths.length > 20, true);
  for (const path of paths) {
    const isThere = await Promise.any(
      [path, join("lib", path)].map((one) => Deno.stat(join(root, one))),
    ).then(() => true, () => false);
    assertEquals(isThere, true, path);
  }
});
