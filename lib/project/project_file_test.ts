import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { makeTree } from "./excludes_testing.ts";
import { FileRefused, readInside, readRegular } from "./project_file.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("readInside() follows links inside the project", async () => {
  await using tree = await makeTree({
    "a": "text",
    "link": "-> sub/inner",
    "sub/inner": "-> ../a",
    "empty": "",
  });
  for (const path of ["a", "link", "sub/inner"]) {
    assertEquals(text(await readInside(tree.dir, path)), "text");
  }
  assertEquals(text(await readInside(tree.dir, "empty")), "");
  // The project itself may be reached by a link.
  await using other = await makeTree({ project: `-> ${tree.dir}` });
  assertEquals(text(await readInside(join(other.dir, "project"), "link")), "text");
});

Deno.test("readInside() follows no link out of the project, also in a directory on the way", async () => {
  await using outside = await makeTree({ secret: "SECRET" });
  await using tree = await makeTree({
    "absolute": `-> ${outside.dir}/secret`,
    "dir": `-> ${outside.dir}`,
    "hop": "-> absolute",
    "relative": "-> ../../../../../../../../etc/hostname",
  });
  for (const path of ["absolute", "dir/secret", "hop", "relative"]) {
    const error = await assertRejects(() => readInside(tree.dir, path), FileRefused);
    assertEquals(error.message, "it is a link that leads out of the project");
  }
});

Deno.test("readInside() tells a link to nothing from no file", async () => {
  await using tree = await makeTree({ dangling: "-> nothing" });
  await assertRejects(() => readInside(tree.dir, "none"), Deno.errors.NotFound);
  await assertRejects(
    () => readInside(tree.dir, "dangling"),
    FileRefused,
    "it is a link to a file that does not exist",
  );
});

Deno.test("readRegular() refuses what is no regular file, without waiting for it", async () => {
  await using tree = await makeTree({ "dir/file": "", "device": "-> /dev/zero" });
  const fifo = join(tree.dir, "fifo");
  await $`mkfifo ${fifo}`;
  const why = async (name: string) =>
    (await assertRejects(() => readRegular(join(tree.dir, name), 10), FileRefused)).message;
  assertEquals(await why("dir"), "it is a directory");
  assertEquals(await why("fifo"), "it is not a regular file");
  assertEquals(await why("device"), "it is not a regular file");
});

Deno.test("readRegular() reads up to its limit, and no file that is larger", async () => {
  await using tree = await makeTree({ file: "0123456789" });
  const file = join(tree.dir, "file");
  assertEquals(text(await readRegular(file, 10)), "0123456789");
  await assertRejects(() => readRegular(file, 9), FileRefused, "it is larger than 9 bytes");
  // Takes no memory for what is not read.
  await Deno.truncate(file, 2 ** 40);
  await assertRejects(() => readRegular(file, 10), FileRefused, "it is larger than 10 bytes");
});
