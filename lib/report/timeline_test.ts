import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderTimeline, secondsText, type TimelineRow } from "./timeline.ts";

const passed: TimelineRow = {
  name: "debian-amd64",
  status: "pass",
  start: "warm",
  detail: "tcg",
  spans: [
    { phase: "boot", fromSeconds: 1, toSeconds: 5 },
    { phase: "build", fromSeconds: 5, toSeconds: 10 },
  ],
};

Deno.test("renderTimeline() places each phase on an axis of seconds", () => {
  const { text } = renderTimeline([passed]);
  assertStringIncludes(text, 'style="left:10%;width:40%" title="boot: 4.00 s, from 1.00 s to');
  assertStringIncludes(text, 'style="left:50%;width:50%" title="build: 5.00 s, from 5.00 s to');
  assertStringIncludes(text, '<span style="left:100%">10</span>');
  assertStringIncludes(text, "background-size:20% 100%");
});

Deno.test("renderTimeline() identifies phases by number and name, not by colour alone", () => {
  const { text } = renderTimeline([passed]);
  assertStringIncludes(text, '<span class="key phase-0">1</span> <bdi>boot</bdi>');
  assertStringIncludes(text, '<span class="key phase-1">2</span> <bdi>build</bdi>');
  assertStringIncludes(text, "<b>2</b><bdi>build</bdi>");
  assertStringIncludes(text, "warm, tcg, ended at 10.0 s");
});

Deno.test("renderTimeline() says where a build failed, and why", () => {
  const row = { ...passed, status: "fail", failedSpan: 0, reason: "it is gone" } as const;
  const { text } = renderTimeline([row]);
  assertStringIncludes(text, '<strong class="status fail">fail</strong>');
  assertStringIncludes(text, "Failed in <bdi>boot</bdi> at 5.00 s.");
  assertStringIncludes(text, "<bdi>it is gone</bdi>");
  assertStringIncludes(text, '<span class="stop" style="left:50%" title="failed here">');
  assertStringIncludes(text, "<td><bdi>boot (failed)</bdi></td>");
});

Deno.test("renderTimeline() has every figure in a table", () => {
  const cells = [...renderTimeline([passed]).text.matchAll(/<td class="number">(.*?)<\/td>/g)];
  assertEquals(cells.map(([, cell]) => cell), ["1.00", "5.00", "4.00", "5.00", "10.00", "5.00"]);
});

Deno.test("renderTimeline() takes colours again when there are more phases than colours", () => {
  const spans = Array.from({ length: 9 }, (_, index) => ({
    phase: `step ${index}`,
    fromSeconds: index,
    toSeconds: index + 1,
  }));
  const { text } = renderTimeline([{ ...passed, spans }]);
  assertStringIncludes(text, '<span class="key phase-0">9</span> <bdi>step 8</bdi>');
});

Deno.test("renderTimeline() escapes names, phases, details and reasons", () => {
  const evil = `"><script>'&`;
  const spans = [{ phase: evil, fromSeconds: 0, toSeconds: 1 }];
  const row = { name: evil, status: "fail", start: null, spans, detail: evil } as const;
  const { text } = renderTimeline([{ ...row, failedSpan: 0, reason: evil }]);
  assert(!text.includes("<script"), text);
  assert(!text.includes('""'), text);
  // Name: title, label, table. Phase: legend, title, bar, failure, table. Detail and reason.
  assertEquals(text.split("&quot;&gt;&lt;script&gt;&#39;&amp;").length - 1, 10);
});

Deno.test("renderTimeline() shows builds that never began as rows without bars", () => {
  const { text } = renderTimeline([{ name: "a", status: "skip", start: null, spans: [] }]);
  assertStringIncludes(text, "<bdi>a</bdi>");
  assertStringIncludes(text, "No phase was reached.");
  assert(!/NaN|Infinity|undefined/.test(text), text);
});

Deno.test("secondsText() keeps three significant digits", () => {
  assertEquals([0.014, 9.99, 67.26].map(secondsText), ["0.01 s", "9.99 s", "67.3 s"]);
});
