import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { readJunit } from "./junit.ts";

const STEPS = `
export const helped = (t) => t.step("helped", () => {});
`;
const TESTS = `
import { helped } from "./steps.ts";
Deno.test("one", async (t) => {
  await t.step("step", () => {});
  await helped(t);
  await t.step({ name: "no step", ignore: true, fn() {} });
});
Deno.test("a > b & <c>", () => {});
Deno.test({ name: "left out", ignore: true, fn() {} });
Deno.test("two", async (t) => {
  await t.step("bad", () => { throw new Error("<bad> & \\u001b"); });
});
`;

Deno.test("readJunit() counts what Deno reports", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(dir, "steps.ts"), STEPS);
    await Deno.writeTextFile(join(dir, "x_test.ts"), TESTS);
    const sh = $.with({ environment: "user", cwd: dir });
    const tests = sh`${Deno.execPath()} test --no-check --no-config --junit-path=out.xml x_test.ts`;
    assertEquals(await tests.code(), 1);
    assertEquals(readJunit(await Deno.readTextFile(join(dir, "out.xml"))), {
      passed: 2,
      failed: 1,
      leftOut: [
        { file: "x_test.ts", line: 9, title: "left out" },
        { file: "x_test.ts", line: 6, title: "one > no step" },
      ],
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("readJunit() reads a report without tests, and refuses other texts", () => {
  assertEquals(readJunit('<?xml version="1.0"?><testsuites name="deno test"></testsuites>'), {
    passed: 0,
    failed: 0,
    leftOut: [],
  });
  assertThrows(() => readJunit("Killed"), SyntaxError, "no <testsuites>");
});
