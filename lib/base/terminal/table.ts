import { displayWidth, padEnd, padStart } from "../text/text.ts";

export { LiveTable } from "./live_table.ts";

interface TableOptions {
  /** Columns to align to the right, by index; for numbers. */
  readonly right?: readonly number[];
  /** Put before each line. */
  readonly indent?: string;
}

/** Columns two spaces apart, without trailing spaces; cells may be coloured. "" for no rows. */
export function renderTable(
  rows: readonly (readonly string[])[],
  { right = [], indent = "" }: TableOptions = {},
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell));
    });
  }
  const renderCell = (cell: string, index: number) =>
    (right.includes(index) ? padStart : padEnd)(cell, widths[index]!);
  return rows
    .map((row) => `${indent}${row.map(renderCell).join("  ")}`.trimEnd())
    .join("\n");
}
