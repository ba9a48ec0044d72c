import { axisFor } from "./axis.ts";
import { type Html, html } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import { secondsText } from "./timeline.ts";

interface CurvePoint {
  readonly x: number;
  readonly seconds: number;
}

/** How time grows with a quantity. */
export interface Curve {
  readonly title: string;
  /** What `x` counts, in the plural: "guests". */
  readonly unit: string;
  /** In any order; at least one. */
  readonly points: readonly CurvePoint[];
}

/** The size of the drawing in its own units, which the page shows as pixels. */
const [WIDTH, HEIGHT] = [640, 300];
const [LEFT, RIGHT, TOP, BOTTOM] = [48, WIDTH - 36, 40, HEIGHT - 48];

/** Draws a curve from 0 on both axes, with each value beside its point and in a table. */
export function renderCurve({ title, unit, points }: Curve): Html {
  const sorted = points.toSorted((a, b) => a.x - b.x);
  const xAxis = axisFor(Math.max(0, ...sorted.map(({ x }) => x)));
  const yAxis = axisFor(Math.max(0, ...sorted.map(({ seconds }) => seconds)));
  const placed = sorted.map(({ x, seconds }) => ({
    ...{ x, seconds },
    left: scale(x / xAxis.max, LEFT, RIGHT),
    top: scale(seconds / yAxis.max, BOTTOM, TOP),
  }));
  const levels = yAxis.marks.map((mark) => renderLevel(mark, scale(mark / yAxis.max, BOTTOM, TOP)));
  const dots = placed.map(({ x, seconds, left, top }) =>
    html`
      <circle cx="${left}" cy="${top}" r="4" />
      <text class="value" x="${left}" y="${top - 10}">${secondsText(seconds)}</text>
      <text x="${left}" y="${BOTTOM + 18}">${x}</text>
    `
  );
  const line = placed.map(({ left, top }) => `${left},${top}`).join(" ");
  const size = html`viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"`;
  return html`
    <figure class="curve">
      <div class="scroll">
        <svg ${size} role="img" aria-label="${title}: seconds by ${unit}">
          ${levels}
          <polyline points="${line}" />
          ${dots}
          <text class="first" x="4" y="14">seconds</text>
          <text x="${(LEFT + RIGHT) / 2}" y="${HEIGHT - 8}">${unit}</text>
        </svg>
      </div>
      <figcaption>${slopeText(sorted, unit)}</figcaption>
    </figure>
    ${htmlTable(
      [{ figures: unit }, { figures: "seconds" }],
      sorted.map(({ x, seconds }) => [String(x), seconds]),
    )}
  `;
}

/** A line across the drawing, with its seconds in front. */
function renderLevel(seconds: number, top: number): Html {
  return html`
    <line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${top}" y2="${top}" />
    <text class="last" x="${LEFT - 8}" y="${top + 4}">${seconds}</text>
  `;
}

/** The cost of each further one, from the first point to the last. */
function slopeText(sorted: readonly CurvePoint[], unit: string): string {
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined || first.x === last.x) return "One point.";
  const each = (last.seconds - first.seconds) / (last.x - first.x);
  return `From ${first.x} to ${last.x} ${unit}, each further one takes ${secondsText(each)}.`;
}

function scale(share: number, from: number, to: number): number {
  return Number((from + share * (to - from)).toFixed(2));
}
