import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { dirNames, diskBytes, exists, fileNames } from "./directories.ts";
import { sandbox } from "../host_testing.ts";

Deno.test("dirNames() and fileNames() sort, and take a missing directory for an empty one", async () => {
  await using box = await sandbox();
  for (const name of ["b", "a"]) {
    await Deno.mkdir(join(box.path, name));
    await Deno.writeTextFile(join(box.path, `${name}.txt`), "");
  }
  await Deno.symlink("a", join(box.path, "link"));
  assertEquals(await dirNames(box.path), ["a", "b"]);
  assertEquals(await fileNames(box.path), ["a.txt", "b.txt"]);
  assertEquals(await dirNames(join(box.path, "none")), []);
});

Deno.test("exists() is false only if nothing is there", async () => {
  await using box = await sandbox();
  await Deno.writeTextFile(join(box.path, "file"), "");
  await Deno.symlink("nowhere", join(box.path, "dangling"));
  assertEquals(await exists(join(box.path, "file")), true);
  assertEquals(await exists(join(box.path, "dangling")), true);
  assertEquals(await exists(join(box.path, "none")), false);
  assertEquals(await exists(join(box.path, "file", "below")), false);
});

Deno.test("diskBytes() counts disk usage, also below directories, without holes", async () => {
  await using box = await sandbox();
  await Deno.mkdir(join(box.path, "sub"));
  await Deno.writeTextFile(join(box.path, "sub/full"), "x".repeat(1 << 20));
  await Deno.writeTextFile(join(box.path, "sparse"), "");
  await Deno.truncate(join(box.path, "sparse"), 2 ** 30);
  await Deno.symlink("/", join(box.path, "link"));
  const bytes = await diskBytes(box.path);
  assert(bytes >= 1 << 20 && bytes < 2 << 20, String(bytes));
  assertEquals(await diskBytes(join(box.path, "none")), 0);
});
