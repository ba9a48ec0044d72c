import { assertEquals } from "@std/assert";
import { showPath } from "./show_path.ts";

Deno.test("showPath() quotes paths that do not read as one word", () => {
  assertEquals(showPath("/home/ci/a-b_c.d/e"), "/home/ci/a-b_c.d/e");
  assertEquals(showPath("/a b"), '"/a b"');
  assertEquals(showPath("/a\nb"), '"/a\\nb"');
  assertEquals(showPath("-x"), '"-x"');
  assertEquals(showPath(""), '""');
});
