import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareVersions, parseVersion } from "./versions.ts";

Deno.test("parseVersion() reads the output of real programs", () => {
  const cases: [string, string | undefined][] = [
    ["QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\n", "7.2.22"],
    ["mke2fs 1.47.0 (5-Feb-2023)\n\tUsing EXT2FS Library version 1.47.0\n", "1.47.0"],
    ["rsync  version 3.2.7  protocol version 31\n", "3.2.7"],
    ["GNU Make 4.3\nBuilt for x86_64-pc-linux-gnu\n", "4.3"],
    ["mmdebstrap 1.3.5", "1.3.5"],
    ["Debian 'dpkg-deb' package archive backend version 1.21.22 (amd64).", "1.21.22"],
    ["version 9", "9"],
    ["no digits", undefined],
  ];
  for (const [text, version] of cases) assertEquals(parseVersion(text), version, text);
});

Deno.test("parseVersion() takes the first group of a pattern", () => {
  const text = "openrsync: protocol version 29\nrsync version 2.6.9 compatible\n";
  assertEquals(parseVersion(text, /rsync +version v?([\d.]+)/), "2.6.9");
  assertEquals(parseVersion(text, /cmake ([\d.]+)/), undefined);
});

Deno.test("compareVersions() compares numbers, not text", () => {
  assert(compareVersions("3.9", "3.13") < 0);
  assert(compareVersions("7.2.22", "7.2") > 0);
  assertEquals(compareVersions("3.13", "3.13.0"), 0);
});

Deno.test("compareVersions() is an order", () => {
  const version = fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }).map((parts) =>
    parts.join(".")
  );
  fc.assert(fc.property(version, version, version, (a, b, c) => {
    assertEquals(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)));
    if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
      assert(compareVersions(a, c) <= 0);
    }
  }));
});
