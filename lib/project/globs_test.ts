import { assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import * as fc from "fast-check";
import { Glob, isGlob } from "./globs.ts";

const cases: [glob: string, yes: string[], no: string[]][] = [
  ["a.out", ["a.out"], ["a_out", "x/a.out", "a.out/x"]],
  ["./b//app/", ["b/app"], ["b", "app"]],
  ["*", ["a", ".hidden", "new\nline", "é"], ["a/b"]],
  ["*.so", ["x.so", ".so"], ["x.so.1", "d/x.so"]],
  ["lib*.so*", ["libx.so.1", "lib.so.so"], ["liso"]],
  ["?", ["a", "é", "😀"], ["ab", ""]],
  ["**", ["a", "a/b", "a/b/c"], []],
  ["**/*.so", ["x.so", "a/x.so", "a/b/x.so"], ["a/x.so/b"]],
  ["a/**", ["a/b", "a/b/c"], ["a", "b/a"]],
  ["a/**/b", ["a/b", "a/x/b", "a/x/y/b", "a/b/b"], ["a/b/c", "b"]],
  ["**/a/**/b/**", ["a/b/c", "x/a/y/b/z/w"], ["a/b", "b/a/c"]],
  ["a**b", ["ab", "axb"], ["a/b"]],
  ["[a-c]x", ["ax", "cx"], ["dx", "x"]],
  ["[!a-c]x", ["dx", "-x"], ["ax"]],
  ["[^a]", ["b"], ["a"]],
  ["[]-]", ["]", "-"], ["a"]],
  ["[a-]", ["a", "-"], ["b"]],
  ["[\\]]", ["]"], ["\\"]],
  ["[[:digit:]x]", ["0", "x"], ["d", ":"]],
  ["[é-ü]", ["ö"], ["a"]],
  ["\\*", ["*"], ["a"]],
  ["!x", ["!x"], ["x"]],
  ["#x", ["#x"], []],
  ["a+(b){c,d}", ["a+(b){c,d}"], ["ab", "ac"]],
  ["-x", ["-x"], []],
];

const takesItself = (text: string, path: string): boolean => {
  const glob = new Glob(text);
  const parent = dirname(path);
  return path !== "" && glob.takes(path) && (parent === "." || !glob.takes(parent));
};

for (const [glob, yes, no] of cases) {
  Deno.test(`Glob knows what ${JSON.stringify(glob)} matches`, () => {
    for (const path of yes) assertEquals(new Glob(glob).takes(path), true, path);
    // Or only a directory that it lies in.
    for (const path of no) assertEquals(takesItself(glob, path), false, path);
  });
}

Deno.test("isGlob() refuses what is no pattern", () => {
  for (const glob of ["", ".", "/", "[a", "a/[", "x[z-a]", "[a-c9-0]", "[[:nope:]]", "a\\"]) {
    assertEquals(isGlob(glob), false, glob);
  }
});

Deno.test("Glob agrees with a regular expression on any glob and path", () => {
  const name = fc.constantFrom("a", "b", "ab", "aab", "c.o", "a.o");
  const segment = fc.constantFrom("a", "c.o", "*", "?", "**", "*.o", "a*b", "[ab]", "[!a]", "*a*");
  const join = (parts: string[]) => parts.join("/");
  const path = fc.array(name, { minLength: 1, maxLength: 6 }).map(join);
  const glob = fc.array(segment, { minLength: 1, maxLength: 6 }).map(join);
  fc.assert(
    fc.property(glob, path, (glob, path) => {
      const parts = path.split("/");
      const above = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
      const wanted = above.some((path) => asRegExp(glob).test(path));
      assertEquals(new Glob(glob).takes(path), wanted, `${glob} ${path}`);
    }),
    { numRuns: 2000 },
  );
});

/** The plain way, which may take exponential time. */
function asRegExp(glob: string): RegExp {
  const segments = glob.split("/").filter((name, at, all) => name !== "**" || all[at + 1] !== "**");
  const parts = segments.map((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === "**") return last ? ".+" : "(?:.+/)?";
    const one = segment.replaceAll(/[.?*]/g, (c) => ({ ".": "\\.", "?": "[^/]" })[c] ?? "[^/]*");
    return one.replaceAll("[!", "[^") + (last ? "" : "/");
  });
  return new RegExp(`^${parts.join("")}$`);
}

Deno.test("Glob takes few steps for the worst that a config can have", () => {
  // Each would take longer than the universe has been there, were all readings tried in turn.
  const stars = new Glob("*a".repeat(120) + "b");
  for (const name of ["a".repeat(4000), `b${"a".repeat(4000)}c`]) {
    assertEquals(stars.takes(name), false);
  }
  const deep = new Glob("**/a/".repeat(50) + "b");
  assertEquals(deep.takes("a/".repeat(1000) + "c"), false);
  assertEquals(deep.takes("a/".repeat(1000) + "b"), true);
});
