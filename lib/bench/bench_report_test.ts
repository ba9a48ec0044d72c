import { assertEquals } from "@std/assert";
import { ratios } from "./ratios.ts";
import { benchText } from "./bench_report.ts";
import { makeRow } from "../report/row.ts";

Deno.test("benchText() shows targets, verdicts, ratios, and why something is missing", () => {
  const error = 'Cannot start guest "b": it is gone\nnext: look';
  const rows = [
    makeRow({ name: "first command", platform: "a", target: 9, runs: [8, 7.5, 10] }),
    makeRow({ name: "warm first command", platform: "a", runs: [2] }),
    makeRow({ name: "first command", platform: "b", target: 9, runs: [], error }),
    makeRow({ name: "warm first command", platform: "b", runs: [], error }),
    makeRow({ name: "--help", target: 0.2, runs: [0.31], note: "check" }),
  ];
  assertEquals(
    benchText(rows, ratios(rows)),
    `Seconds; a verdict compares the median with the target.

measurement         platform  target  median   min    max  verdict
first command       a           9.00    8.00  7.50  10.00  met
warm first command  a              -    2.00  2.00   2.00  no target
first command       b           9.00       -     -      -  not measured
warm first command  b              -       -     -      -  not measured
--help                          0.20    0.31  0.31   0.31  missed (check)

a cold start takes  platform  cold  warm       ratio
first command       a         8.00  2.00  4.00 times

Cannot start guest "b": it is gone
  next: look`,
  );
});
