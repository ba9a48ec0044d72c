import { assertEquals } from "@std/assert";
import { html } from "./html.ts";

const cases = [
  ["<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"],
  [`" onload="x`, "&quot; onload=&quot;x"],
  ["it's", "it&#39;s"],
  ["&amp;", "&amp;amp;"],
  ["a\x00b\x1b[31m", "a\ufffdb\ufffd[31m"],
  ["tab\tand\nline", "tab\tand\nline"],
] as const;

for (const [text, escaped] of cases) {
  Deno.test(`html\`\` escapes ${JSON.stringify(text)}`, () => {
    assertEquals(html`<b title="${text}">${text}</b>`.text, `<b title="${escaped}">${escaped}</b>`);
  });
}

Deno.test("html`` puts pieces, lists, numbers and nothing into a template", () => {
  const items = ["a", "<"].map((text) => html`<li>${text}</li>`);
  assertEquals(
    html`<ul>${items}</ul>${undefined}${1.5}${html`<hr>`}`.text,
    "<ul><li>a</li><li>&lt;</li></ul>1.5<hr>",
  );
});

Deno.test("html shows invisible and direction-changing characters as one visible character each", () => {
  assertEquals(html`${"a\x1bb\u202ec\u200bd"}`.text, "a\ufffdb\ufffdc\ufffdd");
});
