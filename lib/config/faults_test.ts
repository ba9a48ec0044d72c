import { assertEquals } from "@std/assert";
import { z } from "zod";
import { check, faultLines, fieldName, fields } from "./faults.ts";

const schema = fields({
  name: z.string({ error: "a name" }),
  count: z.int(),
  kind: z.enum(["a", "b"]).optional(),
  list: z.array(fields({ size: z.number(), label: z.string().optional() }, "an item")).optional(),
  table: z.record(z.string().regex(/^[a-z]+$/, { error: "lower-case letters" }), z.boolean())
    .optional(),
}, "an object");

const linesOf = (input: unknown) => faultLines(check(schema, input).faults);

Deno.test("check() returns a valid value and no faults", () => {
  assertEquals(check(schema, { name: "x", count: 1 }), {
    value: { name: "x", count: 1 },
    faults: [],
  });
});

Deno.test("check() reports every fault with path, found and wanted", () => {
  const input = { count: 1.5, kind: "c", list: [{ size: "big" }, 3], table: { a: 1, B: true } };
  assertEquals(linesOf(input), [
    "name: found nothing, wanted a name",
    "count: found 1.5, wanted a whole number",
    'kind: found "c", wanted "a" or "b"',
    'list[0].size: found "big", wanted a number',
    "list[1]: found 3, wanted an item",
    "table.a: found 1, wanted true or false",
    'table.B: found the name "B", wanted lower-case letters',
  ]);
});

Deno.test("check() names the nearest known field, at any depth", () => {
  const input = { name: "x", count: 1, cuont: 2, list: [{ size: 1, lable: "l" }] };
  assertEquals(linesOf(input), [
    'list[0].lable: unknown field, did you mean "label"?',
    'cuont: unknown field, did you mean "count"?',
  ]);
  assertEquals(linesOf({ name: "x", count: 1, zzzzz: 2 }), [
    "zzzzz: unknown field, known are name, count, kind, list, table",
  ]);
});

Deno.test("check() shows values in one short line", () => {
  const found = (name: unknown) => linesOf({ name, count: 1 })[0];
  assertEquals(found(["x"]), "name: found a list, wanted a name");
  assertEquals(found([]), "name: found an empty list, wanted a name");
  assertEquals(found({}), "name: found an object, wanted a name");
  assertEquals(found(null), "name: found null, wanted a name");
  assertEquals(
    faultLines(check(fields({ a: z.number() }, "an object"), { a: "x\n".repeat(50) }).faults),
    [`a: found "${"x\\n".repeat(19)}x\\…, wanted a number`],
  );
  assertEquals(linesOf(3), ["(whole file): found 3, wanted an object"]);
});

Deno.test("fieldName() quotes keys that are not plain words", () => {
  assertEquals(fieldName(["steps", "linux", 0, "run", 1]), "steps.linux[0].run[1]");
  assertEquals(fieldName(["env", "A B"]), 'env["A B"]');
  assertEquals(fieldName(["cmakeFlags", "debian-amd64"]), "cmakeFlags.debian-amd64");
});
