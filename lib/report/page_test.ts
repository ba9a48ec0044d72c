import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeRow } from "./row.ts";
import { type Page, renderPage } from "./page.ts";

const evil = `</title></style><script>alert(1)</script>"'`;
const row = makeRow({ name: evil, platform: evil, runs: [1], note: evil, error: evil });

const page: Page = {
  title: evil,
  date: new Date("2026-03-04T05:06:07Z"),
  host: [[evil, evil]],
  note: evil,
  timeline: [{
    name: evil,
    status: "pass",
    start: "cold",
    spans: [{ phase: evil, fromSeconds: 0, toSeconds: 1 }],
  }],
  bench: {
    rows: [row],
    ratios: [{ name: evil, platform: evil, cold: 2, warm: 1, ratio: 2 }],
  },
  curves: [{ title: evil, unit: evil, points: [{ x: 1, seconds: 1 }] }],
};

Deno.test("renderPage() escapes everything that it is given", () => {
  const text = renderPage(page);
  assert(!/<script/i.test(text), text);
  assertEquals(text.split("</title>").length, 2);
  assertEquals(text.split("</style>").length, 2);
  assert(text.split("&lt;script&gt;").length > 15);
});

Deno.test("renderPage() refers to nothing outside the page", () => {
  const text = renderPage(page);
  assert(!/https?:|url\(|@import|<link|<img|\s(?:src|href)=/i.test(text), text);
  assertMatch(text, /http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;/);
});

Deno.test("renderPage() has a language, a title, a date, and both colour schemes", () => {
  const text = renderPage(page);
  assertMatch(text, /^<!DOCTYPE html>\s*<html lang="en">/);
  assertStringIncludes(text, "<title>&lt;/title&gt;");
  assertStringIncludes(
    text,
    '<time datetime="2026-03-04T05:06:07.000Z">2026-03-04 05:06 UTC</time>',
  );
  assertStringIncludes(text, '<meta name="color-scheme" content="light dark" />');
  assertStringIncludes(text, "color-scheme: light dark;");
  assertStringIncludes(text, "@media (prefers-color-scheme: dark)");
});

Deno.test("renderPage() leaves out empty sections", () => {
  const text = renderPage({ title: "t", date: page.date, host: [], timeline: [] });
  assert(!/<h2|<table|<svg|undefined/.test(text), text);
});
