import { assertEquals } from "@std/assert";
import { median, toHundredths } from "./statistics.ts";

Deno.test("median() takes the middle, or the mean of the two in the middle", () => {
  const cases: [number[], number | undefined][] = [
    [[], undefined],
    [[3], 3],
    [[10, 2, 9], 9],
    [[4, 1, 2, 100], 3],
  ];
  for (const [values, wanted] of cases) assertEquals(median(values), wanted, `of ${values}`);
});

Deno.test("median() leaves its values in their order", () => {
  const values = [3, 1, 2];
  median(values);
  assertEquals(values, [3, 1, 2]);
});

Deno.test("toHundredths() rounds", () => {
  assertEquals(toHundredths(1.23456), 1.23);
});
