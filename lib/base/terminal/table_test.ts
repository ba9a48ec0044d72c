import { assertEquals } from "@std/assert";
import { renderTable } from "./table.ts";

Deno.test("renderTable() aligns columns without trailing spaces", () => {
  const rows = [
    ["platform", "status", "total"],
    ["native", "pass", "4.1s"],
    ["debian-arm64", "fail", "122.0s"],
  ];
  assertEquals(
    renderTable(rows, { right: [2], indent: "  " }),
    `  platform      status   total
  native        pass      4.1s
  debian-arm64  fail    122.0s`,
  );
});

Deno.test("renderTable() takes colours and short rows", () => {
  assertEquals(
    renderTable([["\x1b[32mok\x1b[0m", "x"], ["alone"], ["日本", "y"]]),
    "\x1b[32mok\x1b[0m     x\nalone\n日本   y",
  );
  assertEquals(renderTable([]), "");
});
