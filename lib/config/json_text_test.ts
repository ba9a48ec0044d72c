import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { findJsonFault, showPlace } from "./json_text.ts";

Deno.test("findJsonFault() names the place and what is wanted there", () => {
  const cases: [text: string, offset: number, wanted: string][] = [
    ["", 0, "a value"],
    ["{", 1, 'a key in double quotes or "}"'],
    ['{"a":1,}', 7, "a key in double quotes"],
    ['{"a" 1}', 5, '":"'],
    ['{"a":1 "b":2}', 7, '"," or "}"'],
    ["[1,2", 4, '"," or "]"'],
    ["[1,]", 3, "a value"],
    ["{'a':1}", 1, 'a key in double quotes or "}"'],
    ['{"a": tru }', 6, "a value"],
    ['{"a": 01}', 6, "a value"],
    ['{"a": nullx}', 6, "a value"],
    ['{"a":"x\ny"}', 7, "the closing double quote"],
    ['{"a":"x', 7, "the closing double quote"],
    ['{"a":"\\q"}', 6, "a JSON escape such as \\n or \\\\"],
    ["{} x", 3, "the end of the file"],
    ["// c\n{}", 0, "a value"],
    ['{"a":1,"b":2,"a":3}', 13, 'each key once, and "a" is there already'],
    ['{"a":1,"\\u0061":3}', 7, 'each key once, and "a" is there already'],
    ["[".repeat(200), 101, "no more than 100 levels"],
  ];
  for (const [text, offset, wanted] of cases) {
    assertEquals(findJsonFault(text), { offset, wanted }, text);
  }
});

Deno.test("findJsonFault() finds a fault exactly where JSON.parse() does", () => {
  const parses = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  // A document with a piece cut out and another put in, which is right only now and then.
  const damaged = fc.tuple(
    fc.json({ maxDepth: 3 }),
    fc.nat(),
    fc.nat(3),
    fc.constantFrom("", ",", "}", '"', "\\", "1", "-", ".5", "e1", " ", "\n", "\x7f", "tru", "[]"),
  ).map(([text, at, cut, piece]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + piece + text.slice(start + cut);
  });
  fc.assert(
    fc.property(damaged, (text) => {
      const fault = findJsonFault(text);
      if (fault?.wanted.startsWith("each key once")) return;
      assertEquals(fault === undefined, parses(text), JSON.stringify(fault));
    }),
    { numRuns: 500 },
  );
});

Deno.test("showPlace() marks the column under the line", () => {
  assertEquals(showPlace('{\n\t"é": tru\n}', 8, "a value"), {
    line: 2,
    column: 7,
    lines: ['2 |  "é": tru', "  |       ^ wanted a value"],
  });
});

Deno.test("showPlace() cuts a long line around the fault", () => {
  const text = `[${"1,".repeat(100)}x${",1".repeat(100)}]`;
  const { column, lines } = showPlace(text, 201, "a value");
  assertEquals(column, 202);
  assertEquals(lines, [
    `1 | …${"1,".repeat(20)}x${",1".repeat(19)},…`,
    `  | ${" ".repeat(41)}^ wanted a value`,
  ]);
});
