import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../base/host_testing.ts";
import { makeIncomingDir } from "./incoming_dir.ts";

Deno.test("makeIncomingDir() makes a private directory, and removes those of killed tasks", async () => {
  await using box = await sandbox();
  for (const left of [".incoming-killed/tree/.git", ".incoming-early", "other"]) {
    await Deno.mkdir(join(box.path, left), { recursive: true });
  }
  const names = async () =>
    (await Array.fromAsync(Deno.readDir(box.path), ({ name }) => name)).sort();
  {
    await using one = await makeIncomingDir(box.path);
    assertEquals((await Deno.stat(one.path)).mode! & 0o777, 0o700);
    assertEquals(await Array.fromAsync(Deno.readDir(one.tree)), []);
    // One that is in use stays.
    await using two = await makeIncomingDir(box.path);
    assertEquals(
      (await names()).filter((name) => !name.endsWith(".lock")),
      [one.path, two.path, join(box.path, "other")].map((path) => path.slice(box.path.length + 1))
        .sort(),
    );
  }
  assertEquals(await names(), ["other"]);
});

Deno.test("makeIncomingDir() works for several tasks in one place at once", async () => {
  await using box = await sandbox();
  const use = async () => {
    for (let turn = 0; turn < 20; turn++) {
      await using dir = await makeIncomingDir(box.path);
      await Deno.writeTextFile(join(dir.tree, "file"), "x");
    }
  };
  await Promise.all([use(), use(), use()]);
  assertEquals(await Array.fromAsync(Deno.readDir(box.path)), []);
});
