import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { findFirmware } from "./firmware.ts";
import { sandbox } from "../base/host_testing.ts";

Deno.test("findFirmware() names only files that exist", async () => {
  for (const arch of ["x86_64", "aarch64"] as const) {
    const firmware = await findFirmware(arch);
    if (firmware === undefined) continue;
    assert((await Deno.stat(firmware.code)).isFile);
    if (firmware.vars !== undefined) assert((await Deno.stat(firmware.vars)).isFile);
  }
});

Deno.test("findFirmware() finds the files shipped with a linked QEMU", async () => {
  await using box = await sandbox({ PATH: "" });
  const path = await Deno.realPath(box.path);
  for (const dir of ["bin", "cellar/bin", "cellar/share/qemu"]) {
    await Deno.mkdir(join(path, dir), { recursive: true });
  }
  await box.script("cellar/bin/qemu-system-x86_64", "true");
  await Deno.symlink(
    join(path, "cellar/bin/qemu-system-x86_64"),
    join(path, "bin/qemu-system-x86_64"),
  );
  Deno.env.set("PATH", join(path, "bin"));
  const code = join(path, "cellar/share/qemu/edk2-x86_64-code.fd");
  const before = await findFirmware("x86_64");
  await Deno.writeTextFile(code, "");
  // A host with OVMF of its own has that preferred.
  assertEquals(await findFirmware("x86_64"), before ?? { code, vars: undefined });
});
