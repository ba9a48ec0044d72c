import { assertEquals } from "@std/assert";
import { findChecksum } from "./checksum_file.ts";

const HEX = "0a".repeat(32);
const OTHER = "0b".repeat(32);
const LONG = "0c".repeat(64);

const cases = [
  { title: "coreutils, binary", text: `${HEX} *disk.img\n`, found: HEX },
  { title: "coreutils, text", text: `${OTHER}  other.img\n${HEX}  disk.img\n`, found: HEX },
  {
    title: "upper case, and lines that end as on Windows",
    text: `${HEX.toUpperCase()} *disk.img\r\n`,
    found: HEX,
  },
  { title: "the BSDs' form", text: `SHA256 (disk.img) = ${HEX}\n`, found: HEX },
  { title: "a directory before the name", text: `SHA256 (./a/disk.img) = ${HEX}\n`, found: HEX },
  { title: "only a longer name", text: `${HEX} *disk.img.xz\n`, found: undefined },
  { title: "only another algorithm", text: `SHA512 (disk.img) = ${LONG}\n`, found: undefined },
  { title: "too few digits", text: `${HEX.slice(2)} *disk.img\n`, found: undefined },
  { title: "two that differ", text: `${HEX} *disk.img\n${OTHER} *disk.img\n`, found: undefined },
  { title: "nothing", text: "", found: undefined },
];

for (const { title, text, found } of cases) {
  Deno.test(`findChecksum() reads a file with ${title}`, () => {
    assertEquals(findChecksum(text, "disk.img", "sha256"), found);
  });
}
