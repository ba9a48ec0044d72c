import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { axisFor, percent } from "./axis.ts";

const cases = [
  { greatest: 80.6, marks: [0, 20, 40, 60, 80, 100] },
  { greatest: 80, marks: [0, 10, 20, 30, 40, 50, 60, 70, 80] },
  { greatest: 0.31, marks: [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35] },
  { greatest: 0.07, marks: [0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07] },
  { greatest: 3, marks: [0, 0.5, 1, 1.5, 2, 2.5, 3] },
  { greatest: 0, marks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
  { greatest: NaN, marks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
];

for (const { greatest, marks } of cases) {
  Deno.test(`axisFor(${greatest}) has round marks`, () => {
    assertEquals(axisFor(greatest), { max: marks.at(-1)!, marks });
  });
}

Deno.test("axisFor() covers every value with few steps, and wastes less than one step", () => {
  // In hundredths of a second, as everything is measured.
  fc.assert(fc.property(fc.integer({ min: 1, max: 1e8 }), (hundredths) => {
    const greatest = hundredths / 100;
    const { max, marks } = axisFor(greatest);
    assert(marks.length >= 3 && marks.length <= 9, `${marks}`);
    assert(max >= greatest && marks.at(-2)! < greatest, `${marks}`);
  }));
});

Deno.test("percent() stays within the axis, whatever the value", () => {
  const axis = axisFor(10);
  const values = [0, 2.5, 10, 11, -1, NaN, Infinity];
  assertEquals(
    values.map((value) => percent(value, axis)),
    ["0%", "25%", "100%", "100%", "0%", "0%", "0%"],
  );
});
