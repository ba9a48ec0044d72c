// Sets up, then runs every test.
//   deno task test [--yes] [FILE...]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";

export const spec = {
  name: "test",
  group: "development",
  summary: "Set up, then run every test, including those with real guests",
  description: [
    "Installs missing host tools and builds the images first, as build-all does. Each file of tests/",
    "runs in its own process, the longest first according to tests/durations.json; only a few of those",
    "that boot guests run at a time. The last line is",
    '"N passed, N failed"; the lines before it list each test that was skipped on this host, and why.',
  ].join("\n"),
  positionals: [{
    name: "FILE",
    help: "test files or directories (default: all)",
    repeat: true,
  }],
  options: [
    {
      name: "filter",
      type: "string",
      value: "TEXT",
      help: "only tests whose title contains this",
    },
    {
      name: "shard",
      type: "string",
      value: "I/N",
      help: "only the I-th of N shards that take about equally long",
    },
    {
      name: "changed",
      type: "string",
      value: "COMMIT",
      help: "only tests that the changes since a commit can affect",
    },
    {
      name: "jobs",
      type: "number",
      min: 1,
      max: 64,
      help: "test files to run at a time (default: one for each core, at least 2)",
    },
    {
      name: "unit",
      type: "boolean",
      help: "only tests beside their modules, which need no image, and the types",
    },
    {
      name: "thorough",
      type: "boolean",
      help: "also run long versions of tests",
    },
    {
      name: "record",
      type: "boolean",
      help: "write the measured durations to tests/durations.json",
    },
  ],
  conflicts: [
    { between: ["FILE", "shard"] },
    { between: ["FILE", "changed"] },
    { between: ["FILE", "unit"] },
  ],
  omit: ["json", "dry-run"],
  examples: [
    { goal: "run everything", command: "deno task test --yes" },
    { goal: "run one file", command: "deno task test tests/build_vm_guest_test.ts" },
    {
      goal: "run the tests that a branch may have broken",
      command: "deno task test --changed main",
    },
    { goal: "split the work among three machines", command: "deno task test --shard 1/3" },
  ],
  runs: "deno test",
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { ensureHost } = await import("../lib/host/tools/ensure_host.ts");
  const { groupsForTask } = await import("../lib/host/tools/tool_table.ts");
  const { platformsDir } = await import("../lib/base/files/paths.ts");
  const { ARCH } = await import("../lib/config/archs.ts");
  const { isCommon, loadPlatforms } = await import("../lib/config/platform.ts");
  const { setUpImages } = await import("../lib/setup/set_up.ts");
  const { runTests, testRequest } = await import("../lib/test_run/run_tests.ts");
  const { devImage } = await import("../lib/dev/flavour/debian_image.ts");
  const request = testRequest(ctx);
  if (request.unit) return await runTests(ctx, request);
  // The dev guest's image too: building it beside the others is cheaper than building it later.
  // The others belong to `--thorough`, whose tests set them up.
  const tested = (await loadPlatforms(platformsDir))
    .filter((platform) => isCommon(platform) || ARCH[platform.arch].elf.byteOrder === "big");
  const platforms = [...tested, await devImage()];
  const groups = groupsForTask(spec.name, Deno.build.os === "darwin" ? "darwin" : "linux");
  await ensureHost(groups, ctx, {
    guestArchs: platforms.map(({ arch }) => arch),
    task: "test",
  });
  await setUpImages(platforms, ctx);
  return await runTests(ctx, request);
}

if (import.meta.main) await runTask(spec, main);
