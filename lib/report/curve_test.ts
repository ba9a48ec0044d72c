import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderCurve } from "./curve.ts";

const curve = {
  title: "Several guests at once",
  unit: "guests",
  points: [{ x: 8, seconds: 40 }, { x: 1, seconds: 5 }, { x: 2, seconds: 10 }],
};

Deno.test("renderCurve() draws a line from the least x to the greatest, in proportion", () => {
  const { text } = renderCurve(curve);
  const line = /<polyline points="(.*?)"/.exec(text)?.[1] ?? "";
  const points = line.split(" ").map((point) => point.split(",").map(Number));
  const [[x1, y1], [x2, y2], [x8, y8]] = points as [number, number][] as [
    [number, number],
    [number, number],
    [number, number],
  ];
  assert(x1 < x2 && x2 < x8 && y1 > y2 && y2 > y8, line);
  const isClose = (a: number, b: number) => Math.abs(a - b) < 0.1;
  assert(isClose((x8 - x1) / (x2 - x1), 7) && isClose((y1 - y8) / (y1 - y2), 7), line);
});

Deno.test("renderCurve() has each value as text, and what each further one costs", () => {
  const { text } = renderCurve(curve);
  for (const value of ["5.00 s", "10.0 s", "40.0 s"]) {
    assertStringIncludes(text, `>${value}</text>`);
  }
  const cells = [...text.matchAll(/<td class="number">(.*?)<\/td>/g)].map(([, cell]) => cell);
  assertEquals(cells, ["1", "5.00", "2", "10.00", "8", "40.00"]);
  assertStringIncludes(text, "From 1 to 8 guests, each further one takes 5.00 s.");
});

Deno.test("renderCurve() of one point, or of nothing but zeros, has no broken numbers", () => {
  for (const points of [[{ x: 1, seconds: 3 }], [{ x: 0, seconds: 0 }, { x: 0, seconds: 0 }]]) {
    const { text } = renderCurve({ ...curve, points });
    assert(!/NaN|Infinity|each further/.test(text), text);
  }
});

Deno.test("renderCurve() escapes its title and unit", () => {
  const { text } = renderCurve({ ...curve, title: '"><script>', unit: "<b>" });
  assert(!/<script|<b>/.test(text), text);
});
