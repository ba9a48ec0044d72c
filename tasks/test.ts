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

/**
 * All tests, in two halves that take about as long: they run side by side, since most of what a test
 * with a guest does is to wait for one processor of it.
 */
const HALVES: readonly ((file: string) => boolean)[] = [
  (file) => /^tests\/(arm_dev|nix|crates|parts|agent|build_vm)/.test(file),
  (file) => !HALVES[0]!(file),
];
/** Tests without a guest, beside their modules. */
const UNIT_FOLDERS = ["lib", "tasks", "types"];

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
    ...(filter === undefined ? [] : ["--filter", filter, "--permit-no-files"]),
  ];
  const halves = ctx.positionals.length > 0 ? [ctx.positionals] : await halvesOf(root);
  const runs = await Promise.all(halves.map(async (files) => {
    await using tests = spawnOwned([...command, ...files], {
      cwd: root,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "inherit",
      // Tests that are stopped in the middle end their guests first.
      graceMs: 20_000,
    });
    ctx.signal.addEventListener("abort", () => void tests.stop(), { once: true });
    let text = "";
    let shown = 0;
    for await (const part of tests.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      // Whole lines, so that the halves do not cut each other's.
      const end = halves.length === 1 ? text.length : text.lastIndexOf("\n") + 1;
      writeStdout(text.slice(shown, end));
      shown = Math.max(shown, end);
    }
    writeStdout(text.slice(shown));
    return { code: (await tests.status).code, text };
  }));
  ctx.signal.throwIfAborted();
  let [passed, failed] = [0, 0];
  for (const { text } of runs) {
    const counts = /\| (\d+) passed .*?\| (\d+) failed/s.exec(text.slice(-4000));
    passed += Number(counts?.[1] ?? 0);
    // One that did not come to its end is a failure, whatever it has counted.
    failed += counts === null ? 1 : Number(counts[2]);
  }
  for (const { text } of halves.length === 1 ? [] : runs) writeStdout(failuresIn(text));
  ctx.print(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 && runs.every(({ code }) => code === 0) ? 0 : 1;
}

/** The files of each half, with the unit tests before the shorter one. */
async function halvesOf(root: string): Promise<string[][]> {
  const entries = await Array.fromAsync(Deno.readDir(`${root}/tests`));
  const files = entries.map(({ name }) => `tests/${name}`)
    .filter((file) => file.endsWith("_test.ts")).sort();
  const [first = [], second = []] = HALVES.map((half) => files.filter(half));
  return [[...UNIT_FOLDERS, ...first], second];
}

/** What a half says of its failures at its end, which the other half may have pushed out of sight. */
function failuresIn(text: string): string {
  const at = text.lastIndexOf("\n ERRORS \n");
  return at < 0 ? "" : text.slice(at);
}

if (import.meta.main) await runTask(spec, main);
