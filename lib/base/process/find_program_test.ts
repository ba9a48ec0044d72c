import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { findProgram } from "./find_program.ts";
import { sandbox } from "../host_testing.ts";

Deno.test("findProgram() takes the first executable file on the path", async () => {
  await using box = await sandbox();
  const [first, second] = [join(box.path, "first"), join(box.path, "second")];
  await Deno.mkdir(join(first, "a-directory"), { recursive: true });
  await Deno.mkdir(second);
  await Deno.writeTextFile(join(first, "tool"), "not executable", { mode: 0o644 });
  await box.script("second/tool", "true");
  await box.script("second/a-directory", "true");
  const path = `${first}:${second}`;
  assertEquals(findProgram("tool", path)?.path, join(second, "tool"));
  assertEquals(findProgram("a-directory", path)?.path, join(second, "a-directory"));
  assertEquals(findProgram("no-such-tool", path), undefined);
});

Deno.test("findProgram() follows links, and passes over dangling ones", async () => {
  await using box = await sandbox();
  await Deno.mkdir(join(box.path, "bin"));
  await box.script("real", "true");
  await Deno.symlink(join(box.path, "real"), join(box.path, "bin/good"));
  await Deno.symlink(join(box.path, "gone"), join(box.path, "bin/dangling"));
  const path = join(box.path, "bin");
  assertEquals(findProgram("good", path)?.bytes, (await Deno.stat(join(box.path, "real"))).size);
  assertEquals(findProgram("dangling", path), undefined);
});

Deno.test("findProgram() never looks into the current directory", async () => {
  await using box = await sandbox();
  await box.script("tool", "true");
  const cwd = Deno.cwd();
  Deno.chdir(box.path);
  try {
    for (const path of ["", ":", ".", "/nonexistent:"]) {
      assertEquals(findProgram("tool", path), undefined);
    }
  } finally {
    Deno.chdir(cwd);
  }
});

Deno.test("findProgram() finds an absolute path that is no program", async () => {
  await using box = await sandbox();
  const file = join(box.path, "data");
  await Deno.writeTextFile(file, "12345", { mode: 0o600 });
  assertEquals(findProgram(file)?.bytes, 5);
  assertEquals(findProgram(`${file}-not`), undefined);
});
