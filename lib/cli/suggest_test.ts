import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { nearest } from "./suggest.ts";

const OPTIONS = ["json", "dry-run", "yes", "quiet", "verbose", "memory", "jobs", "keep"];
const PLATFORMS = ["debian-amd64", "debian-arm64", "freebsd-amd64"];

Deno.test("nearest() finds what was probably meant", () => {
  const cases: [string, string[], string | undefined][] = [
    ["memroy", OPTIONS, "memory"],
    ["MEMORY", OPTIONS, "memory"],
    ["dryrun", OPTIONS, "dry-run"],
    ["verbos", OPTIONS, "verbose"],
    ["job", OPTIONS, "jobs"],
    // One slip of a short word, the swap of two neighbours as well.
    ["jsno", OPTIONS, "json"],
    ["jsom", OPTIONS, "json"],
    ["kvn", ["tcg", "kvm"], "kvm"],
    ["🦕a", ["🦕b"], "🦕b"],
    ["debian-adm64", PLATFORMS, "debian-amd64"],
    ["debain-arm64", PLATFORMS, "debian-arm64"],
    ["freebsd", PLATFORMS, "freebsd-amd64"],
    ["arm64", PLATFORMS, "debian-arm64"],
  ];
  for (const [word, candidates, wanted] of cases) {
    assertEquals(nearest(word, candidates), wanted, word);
  }
});

Deno.test("nearest() returns nothing rather than a guess", () => {
  const cases: [string, string[]][] = [
    ["", OPTIONS],
    ["x", OPTIONS],
    ["colour", OPTIONS],
    ["jxxn", OPTIONS],
    ["windows", PLATFORMS],
    ["debian", PLATFORMS], // two fit as well as each other
    ["amd64", PLATFORMS],
    ["anything", []],
  ];
  for (const [word, candidates] of cases) {
    assertEquals(nearest(word, candidates), undefined, word);
  }
});

Deno.test("nearest() finds every word itself, and as well without or with one more letter", () => {
  const word = fc.string({ minLength: 3, maxLength: 40 });
  fc.assert(fc.property(word, fc.nat(), fc.string({ maxLength: 1 }), (word, at, more) => {
    const start = at % word.length;
    assertEquals(nearest(word, [word]), word);
    const other = word.slice(0, start) + more + word.slice(start + 1);
    assertEquals(nearest(other, [word]), word);
  }));
});
