import type { Ratio, Row } from "./row.ts";
import { type Html, html } from "./html.ts";
import { type Cell, htmlTable } from "./html_table.ts";

const MEASUREMENT_COLUMNS = [
  ...["measurement", "platform"],
  ...["target", "median", "min", "max"].map((figures) => ({ figures })),
  "verdict",
];

const RATIO_COLUMNS = [
  ...["compared", "platform"],
  ...["cold (s)", "warm (s)", "ratio"].map((figures) => ({ figures })),
];

/** The tables of a bench: every row with its target, how warm starts compare, and what is missing. */
export function renderBenchTables(rows: readonly Row[], ratios: readonly Ratio[]): Html {
  const reasons = [...new Set(rows.flatMap(({ error }) => error ?? []))];
  const compared = html`
    <h2>Cold starts beside warm ones</h2>
    ${htmlTable(RATIO_COLUMNS, ratios.map(ratioCells))}
  `;
  const missing = html`
    <h2>Not measured</h2>
    ${reasons.map((reason) => html`<pre>${reason}</pre>`)}
  `;
  return html`
    <h2>Measurements</h2>
    <p>Seconds; a verdict compares the median with the target.</p>
    ${htmlTable(MEASUREMENT_COLUMNS, rows.map(measurementCells))}
    ${ratios.length === 0 ? undefined : compared}
    ${reasons.length === 0 ? undefined : missing}
  `;
}

function measurementCells(row: Row): Cell[] {
  const verdict = row.note === undefined ? row.verdict : `${row.verdict} (${row.note})`;
  return [row.name, row.platform ?? "", row.target, row.median, row.min, row.max, verdict];
}

function ratioCells({ name, platform, cold, warm, ratio }: Ratio): Cell[] {
  return [name, platform, cold, warm, `${ratio.toFixed(2)} times`];
}
