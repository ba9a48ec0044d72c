import { assertEquals } from "@std/assert";
import { scanArguments } from "./scan.ts";
import type { TaskSpec } from "./spec.ts";

const SPEC: TaskSpec = {
  name: "build-vm",
  summary: "Build in a guest",
  positionals: [{ name: "PLATFORM", help: "where", required: true }],
  options: [
    { name: "memory", short: "m", type: "number", help: "guest memory" },
    { name: "exclude", short: "x", type: "string", repeat: true, help: "pattern" },
    { name: "keep", short: "k", type: "boolean", help: "leave it up" },
    { name: "color", type: "boolean", default: true, help: "use colour" },
  ],
  examples: [],
  group: "test",
};

function scan(...args: string[]) {
  const { options, positionals, rest, faults } = scanArguments(SPEC, args);
  return { options, positionals, rest, faults };
}

Deno.test("scanArguments() understands each way to write an option", () => {
  const cases: [args: string[], options: string[]][] = [
    [["--memory", "512"], ["--memory=512"]],
    [["--memory=512"], ["--memory=512"]],
    [["-m", "512"], ["--memory=512"]],
    [["-m512"], ["--memory=512"]],
    [["-m=512"], ["--memory=512"]],
    [["-m", "-5"], ["--memory=-5"]],
    [["-kqm512"], ["--keep", "--quiet", "--memory=512"]],
    [["-km", "512"], ["--keep", "--memory=512"]],
    [["--exclude="], ["--exclude"]],
    [["--exclude", ""], ["--exclude"]],
    [["--exclude", "-"], ["--exclude=-"]],
    [["--exclude=-rf"], ["--exclude=-rf"]],
    [["--exclude=a=b\nc"], ["--exclude=a=b\nc"]],
    [["--exclude=a", "-xb"], ["--exclude=a", "--exclude=b"]],
    [["--no-color"], ["--no-color"]],
    [["--color"], ["--color"]],
  ];
  for (const [args, options] of cases) {
    assertEquals(scan(...args), { options, positionals: [], rest: undefined, faults: [] });
  }
});

Deno.test("scanArguments() finds options among positionals, and none after --", () => {
  assertEquals(scan("one", "--keep", "two", "-", "--", "--keep", "--", "x"), {
    options: ["--keep"],
    positionals: ["one", "two", "-"],
    rest: ["--keep", "--", "x"],
    faults: [],
  });
  assertEquals(scan("--keep", "true").positionals, ["true"]);
  assertEquals(scan("--").rest, []);
});

Deno.test("scanArguments() names each fault and the nearest option", () => {
  const cases: [args: string[], fault: string][] = [
    [["--memroy=5"], 'unknown option "--memroy", did you mean "--memory"?'],
    [["--nocolor"], 'unknown option "--nocolor", did you mean "--no-color"?'],
    [["--no-keep"], 'unknown option "--no-keep"'],
    [["-json"], 'unknown option "-json", did you mean "--json"?'],
    [["--whatever"], 'unknown option "--whatever"'],
    [["-z"], 'unknown option "-z"'],
    [["-kz"], 'unknown option "-z"'],
    [["--=5"], 'unknown option "--"'],
    [["--__proto__=5"], 'unknown option "--__proto__"'],
    [["--memory"], "--memory needs a value: --memory N"],
    [["-x"], "-x needs a value: -x VALUE"],
    [
      ["--exclude", "--keep"],
      '--exclude needs a value: --exclude VALUE (for "--keep" itself: --exclude=--keep)',
    ],
    [["--keep=yes"], '--keep takes no value, found "yes"'],
  ];
  for (const [args, fault] of cases) assertEquals(scan(...args).faults, [fault]);
});
