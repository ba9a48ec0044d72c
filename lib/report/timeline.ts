import type { Span } from "./phase_recorder.ts";
import type { BuildResult, BuildStatus } from "./build_result.ts";
import { type Axis, axisFor, percent } from "./axis.ts";
import { type Html, html } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import { PHASE_COLOURS } from "./page_style.ts";

/** One bar of a timeline. */
export interface TimelineRow {
  readonly name: string;
  readonly status: BuildStatus;
  /** How the guest was started; `null` if there is none. */
  readonly start: BuildResult["start"];
  /** In their order; gaps stay empty. */
  readonly spans: readonly Span[];
  /** More about it in a few words, such as the accelerator. */
  readonly detail?: string | undefined;
  /** The index of the span in which it failed. */
  readonly failedSpan?: number | undefined;
  /** Why it did not pass. */
  readonly reason?: string | undefined;
}

/** Seconds as a page shows them. */
export function secondsText(seconds: number): string {
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

/** A bar for each row on one axis in seconds, with a legend and a table of all figures. */
export function renderTimeline(rows: readonly TimelineRow[]): Html {
  // The longest build first: it has the most phases, which gives their order.
  const longest = rows.toSorted((a, b) => b.spans.length - a.spans.length);
  const phases = [...new Set(longest.flatMap(({ spans }) => spans.map(({ phase }) => phase)))];
  const axis = axisFor(Math.max(0, ...rows.flatMap(({ spans }) => spans.map((s) => s.toSeconds))));
  return html`
    <figure class="timeline">
      ${renderLegend(phases)}
      <div class="rows">
        ${rows.map((row) => renderRow(row, phases, axis))}
        ${renderAxis(axis)}
      </div>
      <figcaption>Seconds since the start, by platform and phase.</figcaption>
    </figure>
    ${renderFigures(rows)}
  `;
}

function renderLegend(phases: readonly string[]): Html {
  const items = phases.map((phase, index) =>
    html`
      <li><span class="key ${phaseClass(index)}">${index + 1}</span> <bdi>${phase}</bdi></li>
    `
  );
  return html`<ol class="legend" aria-label="Phases">${items}</ol>`;
}

function phaseClass(index: number): string {
  return `phase-${index % PHASE_COLOURS}`;
}

function renderRow(row: TimelineRow, phases: readonly string[], axis: Axis): Html {
  const failed = row.failedSpan === undefined ? undefined : row.spans[row.failedSpan];
  const kind = failed === undefined ? "track" : "track failed";
  // The background is one step of the grid, and repeats.
  const grid = `background-size:${percent(axis.marks[1]!, axis)} 100%`;
  return html`
    <section class="row" aria-label="${row.name}">
      <div class="about"><h3><bdi>${row.name}</bdi></h3> ${renderStatus(row, failed)}</div>
      <div class="${kind}" style="${grid}">
        ${row.spans.map((span) => renderSpan(span, phases.indexOf(span.phase), axis))}
        ${failed && renderStop(failed, axis)}
      </div>
    </section>
  `;
}

function renderStatus(row: TimelineRow, failed: Span | undefined): Html {
  const { status, start, detail, spans, reason } = row;
  const end = spans.at(-1);
  const words = [
    ...[start, detail].filter((word) => typeof word === "string"),
    ...end === undefined ? [] : [`ended at ${secondsText(end.toSeconds)}`],
  ].join(", ");
  const where = failed &&
    html`<p>Failed in <bdi>${failed.phase}</bdi> at ${secondsText(failed.toSeconds)}.</p>`;
  const why = reason === undefined ? undefined : html`<p><bdi>${reason}</bdi></p>`;
  return html`
    <p><strong class="status ${status}">${status}</strong> <bdi>${words}</bdi></p>
    ${where} ${why}
  `;
}

function renderSpan({ phase, fromSeconds, toSeconds }: Span, index: number, axis: Axis): Html {
  const [from, to] = [secondsText(fromSeconds), secondsText(toSeconds)];
  const seconds = toSeconds - fromSeconds;
  const about = `${phase}: ${secondsText(seconds)}, from ${from} to ${to}`;
  const place = `left:${percent(fromSeconds, axis)};width:${percent(seconds, axis)}`;
  // The strut keeps the first line open: a label that does not fit wraps below, out of sight.
  return html`
    <div class="span ${phaseClass(index)}" style="${place}" title="${about}">
      <i class="strut"></i><b>${index + 1}</b><bdi>${phase}</bdi>
    </div>
  `;
}

/** A cross below the point where a build failed. */
function renderStop({ toSeconds }: Span, axis: Axis): Html {
  const place = `left:${percent(toSeconds, axis)}`;
  return html`<span class="stop" style="${place}" title="failed here">✕</span>`;
}

function renderAxis(axis: Axis): Html {
  const marks = axis.marks.map((mark) =>
    html`<span style="left:${percent(mark, axis)}">${mark}</span>`
  );
  return html`
    <div class="row axis" aria-hidden="true">
      <div class="about">seconds</div>
      <div class="marks">${marks}</div>
    </div>
  `;
}

const FIGURE_COLUMNS = [
  ...["platform", "phase"],
  ...["from (s)", "to (s)", "seconds"].map((figures) => ({ figures })),
];

function renderFigures(rows: readonly TimelineRow[]): Html {
  const lines = rows.flatMap(({ name, spans, failedSpan }) =>
    spans.map(({ phase, fromSeconds, toSeconds }, index) => [
      ...[name, index === failedSpan ? `${phase} (failed)` : phase],
      ...[fromSeconds, toSeconds, toSeconds - fromSeconds],
    ])
  );
  if (lines.length === 0) return html`<p>No phase was reached.</p>`;
  return html`
    <details open>
      <summary>The figures</summary>
      ${htmlTable(FIGURE_COLUMNS, lines)}
    </details>
  `;
}
