import { assertEquals } from "@std/assert";
import { ratios } from "./ratios.ts";
import { makeRow } from "../report/row.ts";

const row = (name: string, platform: string, ...runs: number[]) =>
  makeRow({ name, platform, runs });

Deno.test("ratios() compares medians of one platform, and only where both are there", () => {
  const rows = [
    row("first command", "a", 8, 4, 100),
    row("warm first command", "a", 3.2),
    row("warm first command", "b", 1),
    row("build-vm: around the compile", "b"),
    row("warm build-vm: around the compile", "b", 3),
  ];
  assertEquals(ratios(rows), [
    { name: "first command", platform: "a", cold: 8, warm: 3.2, ratio: 2.5 },
  ]);
});
