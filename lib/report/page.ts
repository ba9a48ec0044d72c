import type { Ratio, Row } from "./row.ts";
import { renderBenchTables } from "./bench_tables.ts";
import { type Curve, renderCurve } from "./curve.ts";
import { type Html, html } from "./html.ts";
import { PAGE_STYLE } from "./page_style.ts";
import { renderTimeline, type TimelineRow } from "./timeline.ts";

export interface Page {
  readonly title: string;
  readonly date: Date;
  /** Labelled facts about the host. */
  readonly host: readonly (readonly [name: string, value: string])[];
  readonly timeline: readonly TimelineRow[];
  /** A note about the timeline. */
  readonly note?: string;
  readonly bench?: { readonly rows: readonly Row[]; readonly ratios: readonly Ratio[] };
  readonly curves?: readonly Curve[];
}

/** The page may only use its own styles: no scripts, no pictures, nothing from elsewhere. */
export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** Renders a whole page, which needs neither scripts nor other files. */
export function renderPage({ title, date, host, timeline, note, bench, curves }: Page): string {
  const drawn = html`
    <h2>Timeline</h2>
    ${note === undefined ? undefined : html`<p>${note}</p>`}
    ${renderTimeline(timeline)}
  `;
  const curved = (curves ?? []).map((curve) =>
    html`<h2><bdi>${curve.title}</bdi></h2>${renderCurve(curve)}`
  );
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>${PAGE_STYLE}</style>
      </head>
      <body>
        <main>
          <h1><bdi>${title}</bdi></h1>
          ${renderHost(date, host)}
          ${timeline.length === 0 ? undefined : drawn}
          ${bench && renderBenchTables(bench.rows, bench.ratios)}
          ${curved}
        </main>
      </body>
    </html>
  `.text.trim() + "\n";
}

function renderHost(date: Date, host: Page["host"]): Html {
  const time = date.toISOString();
  const readable = `${time.slice(0, 16).replace("T", " ")} UTC`;
  const facts = host.map(([name, value]) =>
    html`
      <div>
        <dt><bdi>${name}</bdi></dt>
        <dd><bdi>${value}</bdi></dd>
      </div>
    `
  );
  return html`
    <dl class="host">
      <div><dt>date</dt><dd><time datetime="${time}">${readable}</time></dd></div>
      ${facts}
    </dl>
  `;
}
