import { assertEquals } from "@std/assert";
import { affectedTests, importsIn } from "./affected.ts";

const GRAPH = new Map([
  ["lib/a_test.ts", ["lib/a.ts"]],
  ["lib/a.ts", ["lib/b.ts"]],
  ["lib/b.ts", ["lib/a.ts"]],
  ["tests/x_guest_test.ts", ["tasks/build_vm.ts"]],
  ["tasks/build_vm.ts", ["lib/b.ts"]],
  ["tests/usage_test.ts", []],
]);
const TESTS = ["lib/a_test.ts", "tests/usage_test.ts", "tests/x_guest_test.ts"];

Deno.test("affectedTests() follows imports, circles included, and tasks", () => {
  const cases: readonly [string[], string[]][] = [
    [[], []],
    [["lib/b.ts"], ["lib/a_test.ts", "tests/x_guest_test.ts"]],
    [["tasks/build_vm.ts"], ["tests/x_guest_test.ts"]],
    [["lib/a_test.ts"], ["lib/a_test.ts"]],
    [["lib/unused.ts"], []],
    [["provision/x.sh"], ["tests/usage_test.ts", "tests/x_guest_test.ts"]],
    [["README.md"], ["tests/usage_test.ts"]],
  ];
  for (const [changed, wanted] of cases) {
    assertEquals(affectedTests(TESTS, changed, GRAPH), wanted, changed.join());
  }
});

Deno.test("importsIn() finds imports of every form, and names of tasks", () => {
  const text = [
    'import { a } from "./a.ts";',
    'import type { B } from "../b.ts";',
    'export * from "./c.ts";',
    'import "./d.ts";',
    'const { e } = await import("./e.ts");',
    'import { join } from "@std/path";',
    'await box.task("build-vm", ["debian-amd64"]);',
  ].join("\n");
  assertEquals(importsIn(text, new Map([["build-vm", "tasks/build_vm.ts"]])), {
    imports: ["./a.ts", "../b.ts", "./c.ts", "./d.ts", "./e.ts"],
    tasks: ["tasks/build_vm.ts"],
  });
});
