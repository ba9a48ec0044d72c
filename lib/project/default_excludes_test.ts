import { assertEquals } from "@std/assert";
import { defaultExcludeKind } from "./default_excludes.ts";

Deno.test("defaultExcludeKind() judges a path by its last component", () => {
  const cases: [path: string, isDir: boolean, kind: string | undefined][] = [
    [".git", true, "repository"],
    ["sub/.git", false, "repository"],
    ["build", true, "build tree"],
    ["build", false, undefined],
    ["a/build-arm64", true, "build tree"],
    ["build-aux", true, undefined],
    ["cmake-build-debug", true, "build tree"],
    ["rebuild", true, undefined],
    ["build/x", true, undefined],
    ["a/x.o", false, "product"],
    ["x.o/y", false, undefined],
    ["libx.a", false, undefined],
    ["images", true, "product"],
    ["doc/images", true, undefined],
    ["logs", false, undefined],
  ];
  for (const [path, isDir, kind] of cases) {
    assertEquals(defaultExcludeKind(isDir ? `${path}/` : path), kind, path);
  }
});
