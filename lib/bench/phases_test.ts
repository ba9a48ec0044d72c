import { assertEquals } from "@std/assert";
import { phaseRows } from "./phases.ts";

Deno.test("phaseRows() counts everything but the build as overhead", () => {
  const first = { boot: 5, sync: 1, build: 10, shutdown: 2, total: 18.5 };
  const second = { boot: 6, sync: 1, build: 10.1, shutdown: 2, total: 20.3 };
  assertEquals(phaseRows("build-vm", [first, second]), [
    ["build-vm: boot", [5, 6]],
    ["build-vm: sync", [1, 1]],
    ["build-vm: build", [10, 10.1]],
    ["build-vm: shutdown", [2, 2]],
    ["build-vm: total", [18.5, 20.3]],
    ["build-vm: around the compile", [8.5, 10.2]],
  ]);
});
