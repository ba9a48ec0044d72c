import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { isInSync, nextBase, planLines, planSync, type SyncPlan } from "./sync_plan.ts";

type Marks = Record<string, string>;

const states = (base: Marks, host: Marks, guest: Marks, readOnly = false) => ({
  base: new Map(Object.entries(base)),
  host: new Map(Object.entries(host)),
  guest: new Map(Object.entries(guest)),
  readOnly,
});

/** What is in a plan, without its empty lists. */
const filled = (plan: SyncPlan) =>
  Object.fromEntries(Object.entries(plan).filter(([, paths]) => paths.length > 0));

const cases: [what: string, base: Marks, host: Marks, guest: Marks, wanted: Partial<SyncPlan>][] = [
  ["sends what is new here", {}, { a: "1" }, {}, { push: ["a"] }],
  ["brings what is new there", {}, {}, { a: "1" }, { pull: ["a"] }],
  ["leaves alone what both made", {}, { a: "1" }, { a: "2" }, { conflicts: ["a"] }],
  ["has nothing to do with equal files", {}, { a: "1" }, { a: "1" }, {}],
  ["sends what changed here", { a: "0" }, { a: "1" }, { a: "0" }, { push: ["a"] }],
  ["brings what changed there", { a: "0" }, { a: "0" }, { a: "1" }, { pull: ["a"] }],
  ["leaves alone what both changed", { a: "0" }, { a: "1" }, { a: "2" }, { conflicts: ["a"] }],
  ["removes there what is gone here", { a: "0" }, {}, { a: "0" }, { remove: ["a"] }],
  ["never removes here", { a: "0" }, { a: "0" }, {}, { restore: ["a"] }],
  ["keeps what is gone here and changed there", { a: "0" }, {}, { a: "1" }, { conflicts: ["a"] }],
  ["sends what is gone there and changed here", { a: "0" }, { a: "1" }, {}, { push: ["a"] }],
  ["forgets what is gone on both sides", { a: "0" }, {}, {}, {}],
  ["writes through no link of the host", {}, { d: "l /etc" }, { "d/passwd": "1" }, {
    conflicts: ["d", "d/passwd"],
  }],
  ["keeps the guest's commits there", { ".git/HEAD": "0" }, { ".git/HEAD": "0" }, {
    ".git/HEAD": "1",
    ".git/objects/1": "1",
  }, { guestOnly: [".git/HEAD", ".git/objects/1"] }],
  ["keeps every repository of the guest's there", { "r/HEAD": "0" }, { "r/HEAD": "0" }, {
    ...{ "r/HEAD": "0", "r/refs/x": "1", "r/config": "1", "sub/.git/config": "1", ".GIT/x": "1" },
    ...{
      "git~1": "1",
      ".git::$INDEX_ALLOCATION/config": "1",
      "sub/.hg/hgrc": "1",
      "R/config": "1",
    },
  }, {
    guestOnly: [
      ...[".GIT/x", ".git::$INDEX_ALLOCATION/config", "R/config", "git~1", "r/config", "r/refs/x"],
      ...["sub/.git/config", "sub/.hg/hgrc"],
    ],
  }],
  ["keeps links into a repository there", {}, {}, {
    ...{ a: "l .git/hooks", "b/c": "l ../.GIT", d: "l .gitignore" },
  }, { guestOnly: ["a", "b/c"], pull: ["d"] }],
  ["sends repositories of the host's", {}, { "r/HEAD": "1", "r/refs/x": "1", ".git/x": "1" }, {}, {
    push: [".git/x", "r/HEAD", "r/refs/x"],
  }],
  ["sends the index, which both sides write", { ".git/index": "0" }, { ".git/index": "1" }, {
    ".git/index": "2",
  }, { push: [".git/index"] }],
  ["leaves links there that lead out of the tree", {}, {}, {
    ...{ absolute: "l /nix/store/x", up: "l ../x", "d/up": "l ../../x", "d/e/up": "l ../../.." },
    ...{ "d/back": "l e/../../../x", "d/end": "l e/..", "d/dot": "l ./../x", empty: "l " },
  }, { guestOnly: ["absolute", "d/back", "d/dot", "d/e/up", "d/end", "d/up", "empty", "up"] }],
  ["brings links that stay inside the tree", {}, {}, {
    ...{ a: "l b c", "d/up": "l ../x", "d/e/top": "l ../../x", "d/top": "l ..", loop: "l loop" },
    ...{ dots: "l ..x/...", "a file": "f 1 2" },
  }, { pull: ["a", "a file", "d/e/top", "d/top", "d/up", "dots", "loop"] }],
  ["leaves a link there that took a file's place", { a: "f 1 2" }, { a: "f 1 2" }, { a: "l /x" }, {
    guestOnly: ["a"],
  }],
  ["sends links that lead out of the tree", {}, { a: "l /x" }, {}, { push: ["a"] }],
  ["has nothing to do with equal links", { a: "l /x" }, { a: "l /x" }, { a: "l /x" }, {}],
  ["removes a link there that is gone here", { a: "l /x" }, {}, { a: "l /x" }, { remove: ["a"] }],
];

for (const [what, base, host, guest, wanted] of cases) {
  Deno.test(`planSync() ${what}`, () => {
    assertEquals(filled(planSync(states(base, host, guest))), wanted);
  });
}

Deno.test("planSync() brings nothing to the host of a read-only share", () => {
  const plan = planSync(states({ a: "0", b: "0" }, { a: "0", b: "1" }, { a: "1", b: "0" }, true));
  assertEquals(filled(plan), { push: ["b"], guestOnly: ["a"] });
});

Deno.test("nextBase() leaves a second sync nothing to do but conflicts", () => {
  const paths = fc.constantFrom("a", "b", "c/d", "c/e", "f", ".git/HEAD");
  const tree = fc.dictionary(paths, fc.constantFrom("1", "2", "3"));
  fc.assert(fc.property(tree, tree, tree, (base, host, guest) => {
    const before = states(base, host, guest);
    const plan = planSync(before);
    const nowHost = new Map(before.host);
    const nowGuest = new Map(before.guest);
    for (const path of plan.pull) nowHost.set(path, before.guest.get(path) ?? "");
    for (const path of [...plan.push, ...plan.restore]) {
      nowGuest.set(path, before.host.get(path) ?? "");
    }
    for (const path of plan.remove) nowGuest.delete(path);
    const next = planSync({
      base: nextBase(before, plan, nowHost),
      host: nowHost,
      guest: nowGuest,
      readOnly: false,
    });
    assertEquals(filled(next), filled({ ...next, conflicts: plan.conflicts }));
    assertEquals([next.push, next.pull, next.remove, next.restore], [[], [], [], []]);
    // Nothing of the host's is ever gone.
    for (const path of before.host.keys()) assertEquals(nowHost.has(path), true);
  }));
});

Deno.test("nextBase() leaves out files that failed to arrive", () => {
  const before = states({ b: "f 1 1", c: "f 1 1" }, { b: "f 1 1", c: "f 1 1" }, {
    ...{ a: "l x", b: "f 1 2", c: "f 1 2", d: "f 1 2", e: "f 1 2" },
  });
  const plan = planSync(before);
  assertEquals(filled(plan), { pull: ["a", "b", "c", "d", "e"] });
  // Whole seconds and any mode, as some file systems keep them; and another file of that name.
  const pulled = new Map([["b", "f 1 1"], ["c", "f 1 2"], ["d", "f 1 0x"], ["e", "f 3 4"]]);
  assertEquals(Object.fromEntries(nextBase(before, plan, pulled)), {
    ...{ b: "f 1 1", c: "f 1 2", d: "f 1 2" },
  });
});

Deno.test("planLines() says what is copied where, with the first names", () => {
  const host = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`f${i}`, "1"]));
  const plan = planSync(states({}, { ...host, "new\nline": "1" }, { b: "1", f0: "2" }));
  assertEquals(planLines(plan), [
    "to the guest: 12",
    ...["f1", "f10", "f11", "f2", "f3", "f4", "f5", "f6", "f7", "f8"].map((name) => `  ${name}`),
    "  and 2 more",
    "to the host: 1",
    "  b",
    "changed on both sides, left alone: 1",
    "  f0",
  ]);
  assertEquals(isInSync(plan), false);
  assertEquals(planLines(planSync(states({}, {}, {}))), ["both sides are equal"]);
});
