// Sets up, then runs every test.
//   deno task test [--yes] [FILE...]
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";

export const spec: TaskSpec = {
  name: "test",
  group: "development",
  summary: "Set up, then run every test, those with real guests included",
  description: [
    "Installs missing host tools and builds the images first, as build-all does. The last line is",
    '"N passed, N failed".',
  ].join("\n"),
  positionals: [{
    name: "FILE",
    help: "test files or folders (default: all)",
    repeat: true,
  }],
  options: [{
    name: "filter",
    type: "string",
    value: "TEXT",
    help: "only tests whose title contains this",
  }],
  omit: ["json", "dry-run"],
  examples: [
    { goal: "run everything", command: "deno task test --yes" },
    { goal: "run one file", command: "deno task test tests/build_vm_test.ts" },
  ],
  runs: "deno test",
};

/** Where tests are: beside the modules without a guest, in tests/ with real ones. */
const TEST_FOLDERS = ["lib", "tasks", "types", "tests"];

async function main(ctx: TaskContext): Promise<number> {
  const { ensureHost } = await import("../lib/host/ensure_host.ts");
  const { groupsForTask } = await import("../lib/host/tool_table.ts");
  const { reexec } = await import("../lib/host/reexec.ts");
  const { platformsDir, root } = await import("../lib/host/paths.ts");
  const { loadPlatforms } = await import("../lib/config/platform.ts");
  const { setUpImages } = await import("../lib/build/set_up.ts");
  const { spawnOwned } = await import("../lib/host/process.ts");
  const { writeStdout } = await import("../lib/cli/output.ts");
  const { DEV_IMAGE } = await import("../lib/dev/debian_image.ts");
  // The dev guest's image too: beside the others it costs less than by itself later.
  const platforms = [...await loadPlatforms(platformsDir), DEV_IMAGE];
  const groups = groupsForTask(spec.name, Deno.build.os === "darwin" ? "darwin" : "linux");
  const { installed } = await ensureHost(groups, ctx, {
    guestArchs: platforms.map(({ arch }) => arch),
    task: "test",
  });
  if (installed) return await reexec("build", import.meta.url, Deno.args);
  const again = { permissionSet: "build", file: import.meta.url };
  const outcome = await setUpImages(platforms, ctx, { again });
  if (outcome.kind === "reexecuted") return outcome.status;

  ctx.log.step("Run the tests");
  const filter = ctx.str("filter");
  const command = [
    // This very Deno, by way of sh: a permission set can name programs, but not their path.
    ...["sh", "-c", 'exec "$@"', "sh", Deno.execPath()],
    ...["test", "-q", "--no-prompt", "-P=test", "--config", `${root}/deno.json`],
    ...(filter === undefined ? [] : ["--filter", filter]),
    ...(ctx.positionals.length > 0 ? ctx.positionals : TEST_FOLDERS),
  ];
  await using tests = spawnOwned(command, {
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "inherit",
    // Tests that are stopped in the middle end their guests first.
    graceMs: 20_000,
  });
  ctx.signal.addEventListener("abort", () => void tests.stop(), { once: true });
  let tail = "";
  for await (const text of tests.stdout.pipeThrough(new TextDecoderStream())) {
    writeStdout(text);
    tail = (tail + text).slice(-4000);
  }
  const { code } = await tests.status;
  ctx.signal.throwIfAborted();
  const counts = /\| (\d+) passed .*?\| (\d+) failed/s.exec(tail);
  ctx.print(`${counts?.[1] ?? 0} passed, ${counts?.[2] ?? 0} failed`);
  return code === 0 && counts !== null ? 0 : 1;
}

if (import.meta.main) await runTask(spec, main);
