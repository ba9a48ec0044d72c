import { assertEquals } from "@std/assert";
import { phaseRows } from "../bench/phases.ts";
import { makeRow, type Row } from "./row.ts";
import { benchTimeline, guestCurves } from "./bench_page.ts";

function rowsOf(kind: string, platform: string, total: number): Row[] {
  const build = { boot: 8, sync: 1, build: 40, shutdown: 2, total };
  return phaseRows(kind, [build]).map(([name, runs]) => makeRow({ name, platform, runs }));
}

Deno.test("benchTimeline() shows the phases in order, and the remaining time after them", () => {
  const rows = [
    makeRow({ name: "first command", platform: "a", runs: [9] }),
    ...rowsOf("build-vm", "a", 53.5),
    makeRow({ name: "setup-images, unchanged", runs: [0.2] }),
  ];
  assertEquals(benchTimeline(rows), [{
    name: "a build-vm",
    status: "pass",
    start: "cold",
    spans: [
      { phase: "boot", fromSeconds: 0, toSeconds: 8 },
      { phase: "sync", fromSeconds: 8, toSeconds: 9 },
      { phase: "build", fromSeconds: 9, toSeconds: 49 },
      { phase: "shutdown", fromSeconds: 49, toSeconds: 51 },
      { phase: "rest", fromSeconds: 51, toSeconds: 53.5 },
    ],
    reason: undefined,
  }]);
});

Deno.test("benchTimeline() keeps kinds and platforms apart, and knows the warm ones", () => {
  const rows = [
    ...rowsOf("build-vm", "a", 53),
    ...rowsOf("build-vm", "b", 51),
    ...rowsOf("warm build-vm", "a", 50),
    ...rowsOf("incremental", "a", 50),
  ];
  const bars = benchTimeline(rows).map(({ name, start, spans }) => [
    ...[name, start, spans.at(-1)?.phase, spans.at(-1)?.toSeconds],
  ]);
  assertEquals(bars, [
    ["a build-vm", "cold", "rest", 53],
    ["b build-vm", "cold", "shutdown", 51],
    // Medians of phases may be more than the median of the whole.
    ["a warm build-vm", "warm", "shutdown", 51],
    ["a incremental", "warm", "shutdown", 51],
  ]);
});

Deno.test("benchTimeline() shows what could not be measured, with the reason's first line", () => {
  const rows = phaseRows("build-vm", []).map(([name, runs]) =>
    makeRow({ name, platform: "a", runs, error: "it is gone\nnext: look" })
  );
  const start = "cold" as const;
  assertEquals(benchTimeline(rows), [
    { name: "a build-vm", status: "error", start, spans: [], reason: "it is gone" },
  ]);
});

Deno.test("guestCurves() makes a curve for each platform of the rows named N guests", () => {
  const rows = [
    makeRow({ name: "1 guest", platform: "a", runs: [9] }),
    makeRow({ name: "2 guests", platform: "a", runs: [10, 12] }),
    makeRow({ name: "4 guests", platform: "a", runs: [] }),
    makeRow({ name: "2 guests", platform: "b", runs: [20] }),
    makeRow({ name: "first command", platform: "b", runs: [1] }),
  ];
  assertEquals(guestCurves(rows), [
    {
      title: "Several guests at once, a",
      unit: "guests",
      points: [{ x: 1, seconds: 9 }, { x: 2, seconds: 11 }],
    },
    { title: "Several guests at once, b", unit: "guests", points: [{ x: 2, seconds: 20 }] },
  ]);
});
