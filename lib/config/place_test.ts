import { assertEquals } from "@std/assert";
import { isSafePattern, parsePlace, type Place } from "./place.ts";

Deno.test("parsePlace() normalizes a path and keeps it in its directory", () => {
  const cases: [text: string, base: Place["in"], place: Place | undefined][] = [
    [".", "project", { in: "project", path: "." }],
    ["a//b/./c/", "project", { in: "project", path: "a/b/c" }],
    ["a/../b", "project", { in: "project", path: "b" }],
    ["a/../..", "project", undefined],
    ["..", "project", undefined],
    ["../x", "source", undefined],
    ["..x", "source", { in: "source", path: "..x" }],
    ["/etc", "source", undefined],
    ["", "source", undefined],
    ["a\0b", "source", undefined],
    ["{build}", "source", { in: "build", path: "." }],
    ["{build}/bin", "source", { in: "build", path: "bin" }],
    ["{source}/x/", "build", { in: "source", path: "x" }],
    ["{build}/../x", "source", undefined],
    ["{build}//etc", "source", undefined],
    ["{build}x", "source", { in: "source", path: "{build}x" }],
    ["{build}/x", "project", { in: "project", path: "{build}/x" }],
  ];
  for (const [text, base, place] of cases) assertEquals(parsePlace(text, base), place, text);
});

Deno.test("isSafePattern() refuses what could leave the directory", () => {
  for (const glob of ["*", "bin/*", "**/*.so", "{source}/doc/*.pdf", "-x", "a b"]) {
    assertEquals(isSafePattern(glob, "build"), true, glob);
  }
  for (const glob of ["", ".", "/etc/*", "../*", "*/../../x", "a/..", "{build}", "a\nb"]) {
    assertEquals(isSafePattern(glob, "build"), false, glob);
  }
});
