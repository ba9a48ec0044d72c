// The plan of lib/: a room is a job, and imports only rooms above it. docs/architecture.md says what
// each is for. The made trees show that what is wrong would be found.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { root } from "../lib/base/files/paths.ts";
import {
  circlesIn,
  forbiddenImports,
  readTree,
  ROOMS,
  roomsIn,
  sharedNames,
  type Tree,
} from "./support/rooms.ts";

/** A tree in which each module imports what is listed. */
const treeOf = (modules: Readonly<Record<string, readonly string[]>>): Tree =>
  new Map(
    Object.entries(modules).map(([path, imports]) => [
      path,
      imports.map((to) => `import { x } from "${to}";\n`).join(""),
    ]),
  );

Deno.test("every module of lib/ is in a room, and every room has modules", async () => {
  assertEquals(roomsIn(await readTree("lib")), ROOMS.toSorted());
  assertEquals(roomsIn(treeOf({ "lib/cli/a.ts": [], "lib/b.ts": [], "tasks/c.ts": [] })), [
    ...["cli", "lib"],
  ]);
});

Deno.test("a room imports only itself and rooms above it, and no configuration", async () => {
  assertEquals(forbiddenImports(await readTree("lib")), []);
  const made = treeOf({
    "lib/vm/right.ts": ["./own.ts", "../base/files/paths.ts", "../qemu/launch.ts"],
    "lib/vm/wrong.ts": ["../ci/run_steps.ts", "../../configs/a.ts", "../nowhere.ts"],
    "lib/base/text/up.ts": ["../time/wait.ts"],
    "lib/dev/state/up.ts": ["../start.ts"],
  });
  assertEquals(forbiddenImports(made), [
    "lib/vm/wrong.ts imports lib/ci/run_steps.ts",
    "lib/vm/wrong.ts imports configs/a.ts",
    "lib/base/text/up.ts imports lib/base/time/wait.ts",
    "lib/dev/state/up.ts imports lib/dev/start.ts",
  ]);
});

Deno.test("imports of every form are seen, and those of examples are not", () => {
  const forms = [
    'import type { A } from "../ci/a.ts";',
    'export { b } from "../ci/b.ts";',
    'import {\n  c,\n} from "../ci/c.ts";',
    'const { d } = await import("../ci/d.ts");',
    'import "../ci/e.ts";',
    ' * import { f } from "../ci/f.ts";',
  ];
  assertEquals(
    forbiddenImports(new Map([["lib/vm/all.ts", forms.join("\n")]])),
    ["a", "b", "c", "d", "e"].map((name) => `lib/vm/all.ts imports lib/ci/${name}.ts`),
  );
});

Deno.test("no module imports itself through others, by values, types or lazily", async () => {
  assertEquals(circlesIn(await readTree("lib")), []);
  const made = treeOf({
    "lib/vm/a.ts": ["./b.ts"],
    "lib/vm/b.ts": ["./c.ts", "../base/d.ts"],
    "lib/vm/c.ts": ["./b.ts"],
    "lib/base/d.ts": [],
    "lib/cli/e.ts": ["./e.ts"],
  });
  assertEquals(circlesIn(made), [
    "lib/vm/b.ts > lib/vm/c.ts > lib/vm/b.ts",
    "lib/cli/e.ts > lib/cli/e.ts",
  ]);
});

Deno.test("configs/ imports lib/config and its own parts alone", async () => {
  assertEquals(forbiddenImports(await readTree("configs")), []);
  const made = treeOf({
    "configs/platforms/a.ts": ["../../lib/config/platform.ts", "../shared.ts"],
    "configs/platforms/b.ts": ["../../lib/vm/a.ts", "../../tasks/c.ts"],
  });
  assertEquals(forbiddenImports(made), [
    "configs/platforms/b.ts imports lib/vm/a.ts",
    "configs/platforms/b.ts imports tasks/c.ts",
  ]);
});

Deno.test("tasks import no other task, and nothing imports from tests/", async () => {
  assertEquals(forbiddenImports(await readTree("tasks")), []);
  const made = treeOf({
    "tasks/a.ts": ["./b.ts", "../lib/vm/a.ts", "../tests/c.ts"],
    "lib/vm/a.ts": ["../../tests/d.ts"],
  });
  assertEquals(forbiddenImports(made), [
    "tasks/a.ts imports tasks/b.ts",
    "tasks/a.ts imports tests/c.ts",
    "lib/vm/a.ts imports tests/d.ts",
  ]);
});

Deno.test("programs are started in three places, one of which has the terminal", async () => {
  const tree = await readTree("lib", "tasks");
  const starting = [...tree].filter(([, text]) => /\bDeno\.Command\(/.test(text));
  assertEquals(starting.map(([path]) => path), [
    // Under the supervisor.
    "lib/base/process/process.ts",
    // With the task's own streams.
    "lib/base/process/run_in_foreground.ts",
    // Below a connection, whose process has a supervisor.
    "lib/guest/ssh_client.ts",
  ]);
});

Deno.test("no two rooms share a file name for different things", async () => {
  assertEquals(sharedNames(await readTree("lib")), []);
  const made = treeOf({ "lib/vm/a.ts": [], "lib/ci/a.ts": [], "lib/ci/b.ts": [] });
  assertEquals(sharedNames(made), [["lib/vm/a.ts", "lib/ci/a.ts"]]);
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
