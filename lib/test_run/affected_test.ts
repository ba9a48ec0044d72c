import { assertEquals } from "@std/assert";
import { root } from "../base/files/paths.ts";
import { $ } from "../base/process/dollar.ts";
import { affectedTests, edgesOf } from "./affected.ts";
import { importGraph } from "./changed_tests.ts";

const GRAPH = new Map([
  ["lib/a_test.ts", ["lib/a.ts"]],
  ["lib/a.ts", ["lib/b.ts"]],
  ["lib/b.ts", ["lib/a.ts"]],
  ["tests/x_guest_test.ts", ["tasks/build_vm.ts"]],
  ["tasks/build_vm.ts", ["lib/b.ts"]],
  ["lib/unused.ts", ["provision/used.sh", "nix"]],
  ["lib/c_test.ts", ["lib/unused.ts"]],
  ["tests/usage_test.ts", []],
]);
const TESTS = ["lib/a_test.ts", "lib/c_test.ts", "tests/usage_test.ts", "tests/x_guest_test.ts"];

Deno.test("affectedTests() follows imports, circles included, and tasks", () => {
  const cases: readonly [string[], string[]][] = [
    [[], []],
    [["lib/b.ts"], ["lib/a_test.ts", "tests/x_guest_test.ts"]],
    [["tasks/build_vm.ts"], ["tests/x_guest_test.ts"]],
    [["lib/a_test.ts"], ["lib/a_test.ts"]],
    [["lib/none.ts"], []],
    [["provision/used.sh"], ["lib/c_test.ts"]],
    [["nix/modules/ssh.nix", "tasks/build_vm.ts"], ["lib/c_test.ts", "tests/x_guest_test.ts"]],
    [["provision/x.sh"], ["tests/usage_test.ts", "tests/x_guest_test.ts"]],
    [["README.md"], ["tests/usage_test.ts"]],
  ];
  for (const [changed, wanted] of cases) {
    assertEquals(affectedTests(TESTS, changed, GRAPH), wanted, changed.join());
  }
});

Deno.test("edgesOf() finds imports of every form, and names of tasks, images and sources", () => {
  const text = [
    'import { a } from "./a.ts";',
    'import type { B } from "../b.ts";',
    'export * from "./c.ts";',
    'import "./d.ts";',
    'const { e } = await import("./e.ts");',
    'import { join } from "@std/path";',
    'await box.task("build-vm", ["debian-amd64"]);',
    'ownScript("x.sh"); join(root, "provision/y.sh"); crateInput("tiny-init"); findProgram("nix"); join(root, "provision");',
  ].join("\n");
  const image = "configs/platforms/debian_amd64.ts";
  const checkout = {
    tasks: new Map([["build-vm", "tasks/build_vm.ts"]]),
    images: new Map([["debian-amd64", image]]),
    sources: new Set([
      ...["tests/u/x.sh", "provision/y.sh", "provision", "nix", "other.sh"],
      ...["images/tiny-init", "images/tiny-init/Cargo.toml"],
    ]),
  };
  assertEquals(edgesOf("tests/u/m_test.ts", text, checkout), [
    ...["a", "c", "d", "e"].map((name) => `tests/u/${name}.ts`).toSpliced(1, 0, "tests/b.ts"),
    ...[
      "tasks/build_vm.ts",
      image,
      "tests/u/x.sh",
      "provision/y.sh",
      "images/tiny-init",
      "provision",
    ],
  ]);
  assertEquals(edgesOf("lib/m.ts", text, checkout).includes("tasks/build_vm.ts"), false);
});

Deno.test("affectedTests() knows what the entries of the store are made of that tests use", async () => {
  const files = (await $.with({ cwd: root })`git ls-files -z`.text()).split("\0").slice(0, -1);
  const graph = await importGraph(root, files);
  const tests = files.filter((file) => file.startsWith("tests/") && file.endsWith("_test.ts"));
  const [builds, arm] = ["tests/build_vm_guest_test.ts", "tests/build_all_guest_test.ts"];
  const [micro, nixos] = ["tests/micro_guest_test.ts", "tests/nixos_guest_test.ts"];
  const [dev, native] = ["tests/arm_dev_guest_test.ts", "tests/nix_test.ts"];
  const cases: [changed: string, affected: string[], others: string[]][] = [
    ["provision/debian.sh", [builds, arm], [native]],
    ["configs/platforms/_debian.ts", [builds, arm], [native]],
    ["lib/image/system/debian/rootfs_hook.sh", [builds, arm], [native]],
    ["provision/arm_dev_debian.sh", [dev], [builds, micro, native]],
    ["provision/arm_dev_nixos.sh", [nixos], [builds, micro]],
    ["nix/modules/ssh.nix", [nixos, native], [builds, micro]],
    ["provision/variant.sh", [micro], [native]],
    ["images/guest-agent/src/agent.rs", [micro], []],
    ["images/tiny-init/src/main.rs", [builds, micro], []],
    ["deno.json", tests, []],
    [".ci/run", tests, []],
  ];
  for (const [changed, wanted, others] of cases) {
    const affected = affectedTests(tests, [changed], graph);
    assertEquals(wanted.filter((test) => !affected.includes(test)), [], changed);
    assertEquals(others.filter((test) => affected.includes(test)), [], changed);
  }
  // Whatever images are made of, no test that boots one is forgotten.
  const sources = files.filter((file) => /^(?:provision|images|nix)\//.test(file));
  const affected = affectedTests(tests, sources, graph);
  const guestTests = tests.filter((file) => file.endsWith("_guest_test.ts"));
  assertEquals(guestTests.filter((test) => !affected.includes(test)), []);
});
