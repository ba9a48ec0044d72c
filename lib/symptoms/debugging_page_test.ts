import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { SYMPTOMS, TOPICS } from "./symptom_table.ts";
import { root } from "../base/files/paths.ts";
import { renderDebuggingPage, writeDebuggingPage } from "./debugging_page.ts";

const whole = Object.keys(TOPICS).map((name) => `<!-- table: ${name} -->`).join("\n\n");

Deno.test("docs/debugging.md is up to date with its template and the table of symptoms", async () => {
  const { current } = await writeDebuggingPage(root, { check: true });
  assertEquals(current, true, "run: deno task docs");
});

Deno.test("renderDebuggingPage() has a row for each symptom", () => {
  const rows = renderDebuggingPage(whole).split("\n").filter((line) => line.startsWith("| `"));
  assertEquals(rows.length, SYMPTOMS.length);
  assertStringIncludes(rows.join("\n"), "`deno task setup-images PLATFORM --force`");
});

Deno.test("renderDebuggingPage() refuses a template with a missing or unknown topic", () => {
  assertThrows(() => renderDebuggingPage(whole.slice(30)), RangeError, "leaves out: qemu-sharing");
  assertThrows(
    () => renderDebuggingPage(`${whole}\n<!-- table: weather -->`),
    RangeError,
    'there is no topic "weather"',
  );
});
