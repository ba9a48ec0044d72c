// Imports inside lib/ point down, from what does the work to what it is made of.
import { assertEquals } from "@std/assert";
import { walk } from "@std/fs";
import { dirname, join, relative, resolve } from "@std/path";
import { root } from "../lib/host/paths.ts";

/** From the bottom up; folders of one line know nothing of each other, but as the line says. */
const LAYERS: readonly (readonly string[])[] = [
  ["cli", "symptoms"],
  ["config"],
  ["host"],
  ["cache"],
  ["qemu"],
  ["guest", "image"],
  ["build", "diagnose", "test_run"],
  ["dev"],
  ["bench"],
  ["report"],
];

const layerOf = (folder: string) => LAYERS.findIndex((layer) => layer.includes(folder));

/** What a module imports, statically or not, by paths relative to the checkout. */
async function importsOf(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(path);
  const found = text.matchAll(/(?:\bfrom|\bimport\()\s*"(\.[^"]+)"/g);
  return [...found].map(([, to = ""]) => relative(root, resolve(dirname(path), to)));
}

async function modulesBelow(folder: string): Promise<string[]> {
  const entries = walk(join(root, folder), { includeDirs: false, exts: [".ts"] });
  const paths = await Array.fromAsync(entries, ({ path }) => path);
  return paths.filter((path) => !/_test(ing)?\.ts$|\/testing\.ts$|\/testdata\//.test(path));
}

Deno.test("imports inside lib/ point down", async () => {
  const wrong: string[] = [];
  for (const path of await modulesBelow("lib")) {
    const from = relative(root, path);
    const own = from.split("/")[1] ?? "";
    for (const to of await importsOf(path)) {
      const [top, folder = ""] = to.split("/");
      if (folder === own && top === "lib") continue;
      if (top !== "lib" || layerOf(folder) < 0 || layerOf(folder) >= layerOf(own)) {
        wrong.push(`${from} imports ${to}`);
      }
    }
  }
  assertEquals(wrong, []);
});

Deno.test("tasks import no other task, and nothing imports from tests/", async () => {
  const wrong: string[] = [];
  for (const path of [...await modulesBelow("tasks"), ...await modulesBelow("lib")]) {
    for (const to of await importsOf(path)) {
      if (/^(tasks|tests)\//.test(to)) wrong.push(`${relative(root, path)} imports ${to}`);
    }
  }
  assertEquals(wrong, []);
});
