import { assertEquals } from "@std/assert";
import { phaseRows } from "./phases.ts";

Deno.test("phaseRows() counts all but the build as around the compile", () => {
  const first = { boot: 5, sync: 1, build: 10, shutdown: 2, total: 18.5 };
  const second = { boot: 6, sync: 1, build: 10.1, shutdown: 2, total: 20.3 };
  assertEquals(phaseRows("naive", [first, second]), [
    ["naive: boot", [5, 6]],
    ["naive: sync", [1, 1]],
    ["naive: build", [10, 10.1]],
    ["naive: shutdown", [2, 2]],
    ["naive: total", [18.5, 20.3]],
    ["naive: around the compile", [8.5, 10.2]],
  ]);
});
