import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../../base/process/dollar.ts";
import { directory, file } from "./cpio.ts";
import { packTar } from "./tar.ts";

Deno.test("packTar() packs files that tar unpacks, with their modes", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const long = "x".repeat(1500);
    const packed = packTar([
      directory("etc", 0o700),
      file("etc/secret", "key\n", 0o600),
      file("usr/local/sbin/program", long, 0o755),
      file("etc/empty", ""),
    ]);
    assertEquals(packed.length % 10240, 0);
    await Deno.writeFile(join(dir, "seed"), packed);
    await $`tar --extract --file ${join(dir, "seed")} --directory ${dir}`;
    assertEquals(await Deno.readTextFile(join(dir, "etc/secret")), "key\n");
    assertEquals(await Deno.readTextFile(join(dir, "usr/local/sbin/program")), long);
    assertEquals((await Deno.stat(join(dir, "etc/empty"))).size, 0);
    const mode = async (path: string) => (await Deno.stat(join(dir, path))).mode! & 0o777;
    assertEquals([await mode("etc/secret"), await mode("usr/local/sbin/program")], [0o600, 0o755]);
    // Not as the entry says: what is there already stays as it is.
    assertEquals(await mode("etc"), 0o755);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("packTar() refuses a path that its header cannot hold", () => {
  assertThrows(() => packTar([file(`a/${"b".repeat(99)}`, "")]), RangeError, "is too long");
});
