import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { readJson, showPlace } from "./json_text.ts";

Deno.test("readJson() names the place of a fault and what is wanted there", () => {
  const cases: [text: string, offset: number, wanted: string][] = [
    ["", 0, "a value"],
    ["{", 1, 'a key in double quotes or "}"'],
    ['{"a" 1}', 5, '":"'],
    ['{"a":1 "b":2}', 7, '"," or "}"'],
    ['{"a":1,,}', 7, 'a key in double quotes or "}"'],
    ["[1,2", 4, '"," or "]"'],
    ["[1,", 3, "a value"],
    ["[,]", 1, "a value"],
    ['["a" "b"]', 5, '"," or "]"'],
    ["{'a':1}", 1, 'a key in double quotes or "}"'],
    ['{"a": tru }', 6, "a value"],
    ['{"a": -}', 6, "a value"],
    ['{"a": 01}', 7, '"," or "}"'],
    ['{"a": nullx}', 6, "a value"],
    ['{"a":"x\ny"}', 7, "the closing double quote"],
    ['{"a":"x', 7, "the closing double quote"],
    ['{"', 2, "the closing double quote"],
    ['{"a":"\\q"}', 6, "a JSON escape such as \\n or \\\\"],
    ["{} x", 3, "the end of the file"],
    ["{} // c\n3", 8, "the end of the file"],
    ["[1, /* 2]", 9, '"*/"'],
    ["# c\n{}", 0, "a value"],
    ['{"a":1,"b":2,"a":3}', 13, 'each key once, and "a" exists already'],
    ['{"a":1,"\\u0061":3}', 7, 'each key once, and "a" exists already'],
    ["[".repeat(200), 101, "no more than 100 levels"],
    ["[".repeat(1 << 20), 101, "no more than 100 levels"],
  ];
  for (const [text, offset, wanted] of cases) {
    assertEquals(readJson(text), { fault: { offset, wanted } }, text.slice(0, 200));
  }
});

Deno.test("readJson() takes comments and trailing commas", () => {
  const text = '// first\n{"a": [1, 2,], /* "b": 3, */ "c": "// no comment",\n} // last';
  assertEquals(JSON.stringify(readJson(text)), '{"value":{"a":[1,2],"c":"// no comment"}}');
});

Deno.test("readJson() does not treat any key as a prototype", () => {
  const read = readJson('{"__proto__": {"name": "x"}}');
  assert("value" in read);
  assertEquals((read.value as { name?: string }).name, undefined);
  assertEquals(Object.keys(read.value as Record<string, unknown>), ["__proto__"]);
});

/** Commas behind a value and before the end of its object or list; strings are stepped over. */
const TRAILING = /("(?:[^"\\]|\\.)*")|(?<=[\w"\]}]\s*),(?=\s*[\]}])/g;

Deno.test("readJson() finds a fault exactly where JSON.parse() does, but for trailing commas", () => {
  const parse = (text: string): { value: unknown } | undefined => {
    try {
      return { value: JSON.parse(text) };
    } catch {
      return undefined;
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
  }).filter((text) => !/\/[/*]/.test(text));
  fc.assert(
    fc.property(damaged, (text) => {
      const read = readJson(text);
      if ("fault" in read && read.fault.wanted.startsWith("each key once")) return;
      const wanted = parse(text.replace(TRAILING, "$1"));
      const value = "value" in read ? { value: read.value } : undefined;
      assertEquals(JSON.stringify(value), JSON.stringify(wanted), JSON.stringify(read));
    }),
    { numRuns: 2000 },
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
