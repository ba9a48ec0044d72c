import { assertEquals, fail } from "@std/assert";
import { complete, renderCompletion } from "./complete.ts";
import type { TaskSpec } from "./spec.ts";
import { COMPLETION_SPECS } from "./testdata/completion_specs.ts";

const words = async (...line: string[]): Promise<string[]> => {
  const { candidates, paths } = await complete(line, () => Promise.resolve(COMPLETION_SPECS));
  return [...candidates.map(({ word }) => word), ...paths === undefined ? [] : [`:${paths}`]];
};

const BUILD_OPTIONS = ["--accel", "--project", "--exclude", "--no-color", "--json", "--dry-run"];
const COMMON_REST = ["--yes", "--quiet", "--verbose", "--help"];

Deno.test("complete() offers task names with their summaries", async () => {
  assertEquals(await complete(["deno", "task", "v"], () => Promise.resolve(COMPLETION_SPECS)), {
    candidates: [
      { word: "vm-run", help: "Run one command in a guest" },
      { word: "vm-stop", help: "Stop a kept guest" },
    ],
  });
  assertEquals(await words("just", ""), ["build-vm", "vm-run", "vm-stop"]);
  assertEquals(await words("deno", "task", "--quiet", "b"), ["build-vm"]);
});

Deno.test("complete() offers what fits at the place of the cursor", async () => {
  const cases: [line: string, fitting: string[]][] = [
    ["build-vm ", ["debian-amd64", "debian-arm64"]],
    ["build-vm debian-ar", ["debian-arm64"]],
    ["build-vm debian-amd64 ", ["debian-arm64"]],
    ["build-vm --", [...BUILD_OPTIONS, ...COMMON_REST]],
    ["build-vm --j", ["--json"]],
    ["build-vm --json --j", []],
    ["build-vm -y --y", []],
    ["build-vm --exclude a --exc", ["--exclude"]],
    ["build-vm --accel ", ["auto", "kvm", "tcg"]],
    ["build-vm -a k", ["kvm"]],
    ["build-vm --accel=t", ["--accel=tcg"]],
    ["build-vm --accel kvm d", ["debian-amd64", "debian-arm64"]],
    ["build-vm --project ", [":directories"]],
    ["build-vm --project=some/p", [":directories"]],
    ["build-vm --exclude ", []],
    ["build-vm --json=", []],
    ["vm-run ", [":files"]],
    ["vm-run x --memory=512 -- un", []],
    ["vm-stop ", ["ci-1", "ci-2"]],
    ["vm-stop ci-1 ", ["--json", "--dry-run", ...COMMON_REST]],
    ["unknown-task ", []],
  ];
  for (const [line, fitting] of cases) {
    assertEquals(await words("deno", "task", ...line.split(" ")), fitting, line);
    assertEquals(await words("just", ...line.split(" ")), fitting, line);
  }
});

Deno.test("complete() offers nothing that conflicts with the words before", async () => {
  const spec: TaskSpec = {
    name: "vm-run",
    summary: "Run",
    positionals: [
      { name: "PLATFORM", help: "where", required: true, choices: ["debian-amd64", "raw"] },
      { name: "STEP", help: "what", choices: ["build", "test"] },
    ],
    options: [
      { name: "eval", type: "string", onlyFor: ["raw"], help: "code" },
      { name: "keep", short: "k", type: "boolean", help: "leave it up" },
      { name: "incremental", type: "boolean", help: "keep the cache" },
      { name: "color", type: "boolean", default: true, help: "print without colour" },
    ],
    conflicts: [
      { between: ["keep", "incremental"] },
      { between: ["color", "STEP"] },
    ],
    omit: ["json", "dry-run", "yes", "quiet", "verbose"],
    examples: [],
    group: "test",
  };
  const cases: [line: string, fitting: string[]][] = [
    ["--", ["--eval", "--keep", "--incremental", "--no-color", "--help"]],
    ["raw --", ["--eval", "--keep", "--incremental", "--no-color", "--help"]],
    ["debian-amd64 --", ["--keep", "--incremental", "--no-color", "--help"]],
    ["raw -k --", ["--eval", "--no-color", "--help"]],
    ["raw --incremental --", ["--eval", "--no-color", "--help"]],
    ["raw test --", ["--eval", "--keep", "--incremental", "--help"]],
    ["raw ", ["build", "test"]],
    ["raw --no-color t", []],
    ["raw -kh --", ["--eval", "--no-color"]],
  ];
  for (const [line, fitting] of cases) {
    const { candidates } = await complete(
      ["just", "vm-run", ...line.split(" ")],
      () => Promise.resolve([spec]),
    );
    assertEquals(candidates.map(({ word }) => word), fitting, line);
  }
});

Deno.test("complete() leaves other commands alone without reading the tasks", async () => {
  for (const line of [["deno", "run", ""], ["deno", "ta"], ["make", ""], []]) {
    assertEquals(await complete(line, () => fail("looked up")), { candidates: [] });
  }
});

Deno.test("renderCompletion() writes one candidate a line", () => {
  assertEquals(
    renderCompletion({ candidates: [{ word: "a", help: "first" }, { word: "b" }] }),
    "a\tfirst\nb\n",
  );
  assertEquals(renderCompletion({ candidates: [], paths: "files" }), ":files\n");
});
