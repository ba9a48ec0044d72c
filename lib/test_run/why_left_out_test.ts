import { assertEquals } from "@std/assert";
import { passesFilter, whyLeftOut } from "./why_left_out.ts";

Deno.test("whyLeftOut() returns the condition as written in the source", () => {
  const cases: readonly [string, string | undefined][] = [
    ['Deno.test({\n  name: "x",\n  ignore: Deno.uid() !== 0,\n  fn() {},\n});', "Deno.uid() !== 0"],
    ['Deno.test("x", { ignore: !haveProgram("cc") || a }, f);', '!haveProgram("cc") || a'],
    ["t.step({ name, ignore: failed, fn: work });", "failed"],
    ["t.step({ ignore: a ||\n    !b(`qemu-${c}`), fn });", "a || !b(`qemu-${c}`)"],
    ["Deno.test({ ignore: !thorough, fn });", "without --thorough"],
    ["Deno.test({ ignore: runs > 5 && !thorough, fn });", "runs > 5 && without --thorough"],
    ["Deno.test(needsTar, f);", undefined],
  ];
  for (const [source, why] of cases) assertEquals(whyLeftOut(source, 1), why, source);
  assertEquals(whyLeftOut("a\nignore: no,\n", 2), "no");
});

Deno.test("passesFilter() takes a text or a pattern, as Deno does", () => {
  for (const filter of ["", "b(c", "/b/", "/^a/"]) {
    assertEquals(passesFilter("ab(c)", filter), true, filter);
  }
  for (const filter of ["x", "/^b/", "/"]) {
    assertEquals(passesFilter("ab(c)", filter), false, filter);
  }
});
