import { assertEquals } from "@std/assert";
import { makeRow } from "./row.ts";

Deno.test("makeRow() judges the median, not the worst run", () => {
  assertEquals(makeRow({ name: "x", platform: "p", target: 2, runs: [2, 9, 1] }), {
    name: "x",
    platform: "p",
    unit: "s",
    target: 2,
    median: 2,
    min: 1,
    max: 9,
    runs: [2, 9, 1],
    verdict: "met",
  });
  assertEquals(makeRow({ name: "x", target: 2, runs: [2.01] }).verdict, "missed");
  assertEquals(makeRow({ name: "x", runs: [2.01] }).verdict, "no target");
});

Deno.test("makeRow() says that nothing was measured, and why", () => {
  const { median, min, max, verdict, error } = makeRow({
    ...{ name: "x", target: 2, runs: [] },
    error: "no guest",
  });
  assertEquals([median, min, max, verdict, error], [null, null, null, "not measured", "no guest"]);
});
