import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { emptyOverlay } from "./empty_overlay.ts";

Deno.test("emptyOverlay() makes an overlay that qemu-img finds sound", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gh-empty-" });
  try {
    for (const size of ["1M", "512M", "8G", "3T"]) {
      const backing = join(dir, `base ${size} ü.qcow2`);
      const path = join(dir, "overlay.qcow2");
      const image = (...args: string[]) => $`qemu-img ${args}`;
      await image("create", "-q", "-f", "qcow2", backing, size);
      const base = JSON.parse((await image("info", "--output=json", backing)).stdout);
      await Deno.writeFile(path, emptyOverlay(backing, base["virtual-size"]));
      const info = JSON.parse((await image("info", "--output=json", path)).stdout);
      assertEquals(info["virtual-size"], base["virtual-size"]);
      assertEquals(info["backing-filename"], backing);
      assertEquals(info["backing-filename-format"], "qcow2");
      const check = JSON.parse((await image("check", "--output=json", path)).stdout);
      assertEquals([check["check-errors"], check.leaks ?? 0, check.corruptions ?? 0], [0, 0, 0]);
      const same = await image("compare", "-f", "qcow2", "-F", "qcow2", path, backing);
      assertEquals(same.stdout, "Images are identical.\n");
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("emptyOverlay() refuses sizes that QEMU could not open", () => {
  assertThrows(() => emptyOverlay(`/${"x".repeat(1023)}`, 1), RangeError, "longer than 1023 bytes");
  assertThrows(() => emptyOverlay("/x", 2 ** 62), RangeError, "is too long");
});
