import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../../base/host_testing.ts";
import { rustSysroot } from "./rust_sysroot.ts";

const signal = new AbortController().signal;

/** A compiler that says a directory, and notes that it was asked. */
async function writeCompiler(path: string, sysroot: string, asked: string): Promise<void> {
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeTextFile(path, `#!/bin/sh\necho asked >>"${asked}"\necho "${sysroot}"\n`, {
    mode: 0o755,
  });
}

Deno.test("rustSysroot() asks a compiler once, and again when its file has changed", async () => {
  await using box = await sandbox();
  const [rustc, asked] = [join(box.path, "bin/rustc"), join(box.path, "asked")];
  await writeCompiler(rustc, box.path, asked);
  for (let look = 0; look < 2; look++) assertEquals(await rustSysroot(rustc, signal), box.path);
  assertEquals(await Deno.readTextFile(asked), "asked\n");
  await Deno.utime(rustc, 1, 1);
  assertEquals(await rustSysroot(rustc, signal), box.path);
  assertEquals(await Deno.readTextFile(asked), "asked\nasked\n");
});

Deno.test("rustSysroot() does not remember the answer of a toolchain proxy", async () => {
  await using box = await sandbox();
  const [rustc, asked] = [join(box.path, "shims/rustc"), join(box.path, "asked")];
  for (const toolchain of ["one", "two"]) {
    await writeCompiler(rustc, join(box.path, toolchain), asked);
    await Deno.utime(rustc, 1, 1);
    assertEquals(await rustSysroot(rustc, signal), join(box.path, toolchain));
  }
});

Deno.test("rustSysroot() is undefined for a compiler that is missing or does not run", async () => {
  await using box = await sandbox();
  assertEquals(await rustSysroot(join(box.path, "rustc"), signal), undefined);
  await Deno.writeTextFile(join(box.path, "rustc"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  assertEquals(await rustSysroot(join(box.path, "rustc"), signal), undefined);
});
