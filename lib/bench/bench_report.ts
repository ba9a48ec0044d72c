import { renderTable } from "../base/terminal/table.ts";
import type { Ratio, Row } from "../report/row.ts";

/** The bench as text: a table, the ratios, and the failures. */
export function benchText(rows: readonly Row[], ratios: readonly Ratio[]): string {
  const seconds = (value: number | null) => value === null ? "-" : value.toFixed(2);
  const table = renderTable([
    ["measurement", "platform", "target", "median", "min", "max", "verdict"],
    ...rows.map((row) => [
      row.name,
      row.platform ?? "",
      ...[row.target, row.median, row.min, row.max].map(seconds),
      row.note === undefined ? row.verdict : `${row.verdict} (${row.note})`,
    ]),
  ], { right: [2, 3, 4, 5] });
  const parts = [`Seconds; a verdict compares the median with the target.\n\n${table}`];
  if (ratios.length > 0) {
    const text = renderTable([
      ["a cold start takes", "platform", "cold", "warm", "ratio"],
      ...ratios.map(({ name, platform, cold, warm, ratio }) => [
        ...[name, platform, seconds(cold), seconds(warm)],
        `${ratio.toFixed(2)} times`,
      ]),
    ], { right: [2, 3, 4] });
    parts.push(text);
  }
  const reasons = new Set(rows.flatMap(({ error }) => error ?? []));
  for (const reason of reasons) parts.push(reason.replaceAll("\n", "\n  "));
  return parts.join("\n\n");
}
