// Pages as a browser shows them, in light and in dark, wide and narrow. Starts no guest.
import { UNSEEN } from "../lib/base/text/plain_text.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { toolNeed, toolsFor } from "../lib/host/tools/tools.ts";
import { type Page, renderPage } from "../lib/report/page.ts";
import { findBrowser, type Measured, measureInBrowser, type View } from "./support/browser.ts";
import { HOSTILE, hostileBenchPage, hostileBuildPage } from "./support/timeline_pages.ts";

const browser = findBrowser();
/** Where `deno task test` installs no browser, these tests are ignored unless there is one. */
const ignore = browser === undefined && toolsFor(["browser"], await toolNeed()).length === 0;

/** The least contrast of text by WCAG 2.2, level AA. */
const LEAST_CONTRAST = 4.5;

const views: readonly View[] = [
  { scheme: "light", width: 1200 },
  { scheme: "dark", width: 1200 },
  { scheme: "light", width: 500 },
  { scheme: "dark", width: 500 },
];

const pages: readonly { readonly name: string; readonly page: Page }[] = [
  { name: "build-all", page: hostileBuildPage() },
  { name: "bench", page: hostileBenchPage() },
];

async function measure(page: Page, view: View): Promise<Measured> {
  assert(browser !== undefined, "no browser; next: deno task check --install --for test --yes");
  return await measureInBrowser(browser, renderPage(page), view);
}

for (const { name, page } of pages) {
  for (const view of views) {
    Deno.test({
      name: `the page of ${name} can be read, ${view.scheme}, ${view.width} pixels wide`,
      ignore,
      fn: async () => {
        const measured = await measure(page, view);
        assertReadable(measured);
        assertWhole(measured, page);
        assertEquals(measured.width, view.width);
      },
    });
  }
}

/** Nothing covers, leaves or fades into something else. */
function assertReadable(measured: Measured): void {
  const { bars, brokenLabels, overlaps, contrasts, background, foreground } = measured;
  assertEquals({ brokenLabels, overlaps }, { brokenLabels: [], overlaps: [] });
  assertEquals(measured.brokenMarks, 0);
  assert(measured.contentWidth <= measured.width, `${measured.contentWidth} pixels of content`);
  assert(background !== foreground);
  assertEquals(contrasts.filter(({ ratio }) => !(ratio >= LEAST_CONTRAST)), []);
  assertEquals(contrasts.length, measured.texts);
  const poor = bars.filter(({ width, height, isInside, contrast }) =>
    !(width >= 3 && height >= 20 && isInside && contrast >= LEAST_CONTRAST)
  );
  assertEquals(poor, []);
}

/** All that the page was given is there, and nothing that a name brought in. */
function assertWhole(measured: Measured, { title, timeline, bench, curves }: Page): void {
  const spans = timeline.flatMap(({ spans }) => spans);
  assertEquals(measured.strangers, 0);
  assertEquals(measured.title, title);
  assertEquals(measured.rows, timeline.map(({ name }) => visible(name)));
  assertEquals(
    measured.legend.toSorted(),
    [...new Set(spans.map(({ phase }) => visible(phase)))].toSorted(),
  );
  assertEquals(measured.bars.length, spans.length);
  const end = Number(measured.marks.at(-1));
  measured.bars.forEach(({ fromShare }, index) => {
    const wanted = spans[index]!.fromSeconds / end;
    assert(Math.abs(fromShare - wanted) < 0.002, `bar ${index}: ${fromShare}, not ${wanted}`);
  });
  assert(measured.visibleLabels >= spans.length / 4, `${measured.visibleLabels} labels`);
  assertEquals(measured.stops, timeline.filter((row) => row.failedSpan !== undefined).length);
  const points = (curves ?? []).map(({ points }) => points.length);
  assertEquals(measured.dots, points.reduce((sum, count) => sum + count, 0));
  const tables = bench === undefined ? [] : [bench.rows.length, bench.ratios.length];
  assertEquals(measured.tables, [spans.length, ...tables, ...points]);
}

/** What cannot be seen is shown as a replacement. */
function visible(text: string): string {
  return text.replace(UNSEEN, "\ufffd");
}

Deno.test({
  name: "a page follows the colour scheme of its reader",
  ignore,
  fn: async () => {
    const { page } = pages[0]!;
    const light = await measure(page, { scheme: "light", width: 800 });
    const dark = await measure(page, { scheme: "dark", width: 800 });
    assertEquals(light.background, "rgb(255, 255, 255)");
    const brightness = (color: string) =>
      color.match(/\d+/g)!.map(Number).reduce((sum, part) => sum + part, 0);
    assert(brightness(light.foreground) < 150 && brightness(dark.foreground) > 600);
    assert(brightness(dark.background) < 150, dark.background);
  },
});

Deno.test({
  name: "the browser tests see scripts, overlaps and faint text where there are any",
  ignore,
  fn: async () => {
    assert(browser !== undefined);
    const page = renderPage(pages[0]!.page)
      .replace("</main>", `${HOSTILE[0]}</main>`)
      .replace("</style>", "figcaption { color: #999; } .stop { top: 0.25rem; }</style>");
    const measured = await measureInBrowser(browser, page, { scheme: "light", width: 1200 });
    assertEquals([measured.title, measured.strangers], ["script ran", 1]);
    assertStringIncludes(measured.overlaps.join("\n"), '"✕"');
    assertEquals(measured.contrasts.filter(({ ratio }) => ratio < LEAST_CONTRAST).length, 1);
  },
});
