import { type Html, html } from "./html.ts";

/** A column: of text, or of numbers, which are aligned to the right. */
type Column = string | { readonly figures: string };

/** A text, seconds, or nothing. */
export type Cell = string | number | null;

/** A table with a header; the first cell of a row names it. */
export function htmlTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Html {
  const header = columns.map((column) =>
    typeof column === "string"
      ? html`<th scope="col">${column}</th>`
      : html`<th scope="col" class="number">${column.figures}</th>`
  );
  const renderCell = (cell: Cell, index: number) => {
    const text = cell === null ? "-" : typeof cell === "number" ? cell.toFixed(2) : cell;
    if (typeof columns[index] !== "string") return html`<td class="number">${text}</td>`;
    return index === 0
      ? html`<th scope="row"><bdi>${text}</bdi></th>`
      : html`<td><bdi>${text}</bdi></td>`;
  };
  const body = rows.map((cells) => html`<tr>${cells.map(renderCell)}</tr>`);
  return html`
    <div class="scroll">
      <table>
        <thead>
          <tr>${header}</tr>
        </thead>
        <tbody>${body}</tbody>
      </table>
    </div>
  `;
}
