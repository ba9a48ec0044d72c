import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { canonicalJson, FramedHash, isSameDigest } from "./digest.ts";

function digestOf(parts: readonly string[]): Promise<string> {
  const hash = new FramedHash();
  for (const part of parts) hash.frame(part);
  return hash.digest();
}

Deno.test("FramedHash separates its parts", async () => {
  assertNotEquals(await digestOf(["ab", "c"]), await digestOf(["a", "bc"]));
  assertNotEquals(await digestOf(["abc"]), await digestOf(["abc", ""]));
  assertNotEquals(await digestOf([]), await digestOf([""]));
});

Deno.test("FramedHash gives different lists of parts different digests", async () => {
  const parts = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\0", "\x01", "é") }));
  await fc.assert(fc.asyncProperty(parts, parts, async (a, b) => {
    fc.pre(JSON.stringify(a) !== JSON.stringify(b));
    assertNotEquals(await digestOf(a), await digestOf(b));
  }));
});

Deno.test("canonicalJson() ignores the order of keys and absent fields", () => {
  assertEquals(canonicalJson({ b: 1, a: [true, null] }), '{"a":[true,null],"b":1}');
  assertEquals(canonicalJson({ a: undefined, b: "x" }), '{"b":"x"}');
});

Deno.test("canonicalJson() keeps every JSON value", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = canonicalJson(value);
    assertEquals(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    assertEquals(canonicalJson(JSON.parse(text)), text);
  }));
});

Deno.test("canonicalJson() refuses what JSON would drop", () => {
  for (
    const [value, text] of [
      [NaN, "NaN"],
      [() => 1, "function"],
      [undefined, "undefined"],
      [new Date(0), "a Date"],
      [[undefined], "undefined"],
      [1n, "bigint"],
    ] as const
  ) {
    assertThrows(
      () => canonicalJson(value),
      TypeError,
      `Cannot put a value into a recipe key: ${text} is not JSON`,
    );
  }
});

Deno.test("isSameDigest() compares whole digests, and nothing else equals one", async () => {
  const digest = await new FramedHash().digest();
  assertEquals(isSameDigest(digest, `${digest}`), true);
  for (const other of ["", digest.slice(1), `${digest}0`, digest.replace(/.$/, "x")]) {
    assertEquals(isSameDigest(digest, other), false);
  }
});
