import { assertEquals } from "@std/assert";
import { ratios } from "./ratios.ts";
import { makeRow } from "../report/row.ts";

const row = (name: string, platform: string, ...runs: number[]) =>
  makeRow({ name, platform, runs });

Deno.test("ratios() compares medians of one platform, and only where both are there", () => {
  const rows = [
    row("first command", "a", 8, 4, 100),
    row("naive: boot", "a", 20),
    row("naive: total", "a", 40),
    row("build-vm: total", "b", 10),
    row("build-vm: around the compile", "b"),
    row("naive: around the compile", "b", 3),
  ];
  assertEquals(ratios(rows), [{ name: "boot", platform: "a", naive: 20, ours: 8, ratio: 2.5 }]);
});
