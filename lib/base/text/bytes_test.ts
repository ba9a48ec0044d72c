import { assertEquals } from "@std/assert";
import { bytesText } from "./bytes.ts";

const cases: [bytes: number, text: string][] = [
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1536, "1.5 KiB"],
  [1024 ** 2 - 1, "1.0 MiB"],
  [12 * 1024 ** 3, "12.0 GiB"],
  [5000 * 1024 ** 4, "5000.0 TiB"],
];

Deno.test("bytesText() takes the unit that leaves the fewest digits", () => {
  for (const [bytes, text] of cases) assertEquals(bytesText(bytes), text);
});
