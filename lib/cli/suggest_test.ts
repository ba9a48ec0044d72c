import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { editDistance, nearest } from "./suggest.ts";

Deno.test("editDistance() counts edits and swaps of neighbours", () => {
  const cases: [string, string, number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["memory", "memory", 0],
    ["memroy", "memory", 1],
    ["memry", "memory", 1],
    ["meemory", "memory", 1],
    ["kvn", "kvm", 1],
    ["kitten", "sitting", 3],
    // The restricted distance: no part is edited twice.
    ["ca", "abc", 3],
    ["🦕a", "🦕b", 1],
  ];
  for (const [left, right, distance] of cases) {
    assertEquals(editDistance(left, right), distance, `${left} ${right}`);
  }
});

Deno.test("editDistance() is symmetric, and zero only for equal words", () => {
  fc.assert(fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
    assertEquals(editDistance(a, b), editDistance(b, a));
    assertEquals(editDistance(a, b) === 0, a === b);
  }));
});

const OPTIONS = ["json", "dry-run", "yes", "quiet", "verbose", "memory", "jobs", "keep"];
const PLATFORMS = ["debian-amd64", "debian-arm64", "freebsd-amd64"];

Deno.test("nearest() finds what was probably meant", () => {
  const cases: [string, string[], string | undefined][] = [
    ["memroy", OPTIONS, "memory"],
    ["MEMORY", OPTIONS, "memory"],
    ["dryrun", OPTIONS, "dry-run"],
    ["verbos", OPTIONS, "verbose"],
    ["job", OPTIONS, "jobs"],
    ["debian-adm64", PLATFORMS, "debian-amd64"],
    ["debain-arm64", PLATFORMS, "debian-arm64"],
    ["freebsd", PLATFORMS, "freebsd-amd64"],
    ["arm64", PLATFORMS, "debian-arm64"],
  ];
  for (const [word, candidates, wanted] of cases) {
    assertEquals(nearest(word, candidates), wanted, word);
  }
});

Deno.test("nearest() stays silent rather than guess", () => {
  const cases: [string, string[]][] = [
    ["", OPTIONS],
    ["x", OPTIONS],
    ["colour", OPTIONS],
    ["windows", PLATFORMS],
    ["debian", PLATFORMS], // two fit as well as each other
    ["amd64", PLATFORMS],
    ["anything", []],
  ];
  for (const [word, candidates] of cases) {
    assertEquals(nearest(word, candidates), undefined, word);
  }
});
