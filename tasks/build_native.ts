// Builds the project on the host, out of tree.
//   deno task build-native [--project DIR]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { ARTIFACTS_OPTION, PROJECT_OPTION } from "../lib/image/parts/common_options.ts";

export const spec = {
  name: "build-native",
  group: "local CI",
  summary: "Build the project on the host, out of tree",
  description: "Runs the project's steps in a fresh build directory; the project is not changed.",
  options: [PROJECT_OPTION, ARTIFACTS_OPTION],
  examples: [
    { goal: "build the project you are in", command: "deno task build-native" },
    { goal: "build another one", command: "deno task build-native --project ../other" },
  ],
  runs: "cmake -S, cmake --build, ctest; or the steps of guesthouse.json",
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { loadUserProject } = await import("../lib/project/load_project.ts");
  const { artifactsTarget } = await import("../lib/ci/artifacts_dir.ts");
  const { buildNative, NATIVE, nativeCommands } = await import("../lib/ci/native.ts");
  const { ensureHost } = await import("../lib/host/tools/ensure_host.ts");
  const { plainProgress } = await import("../lib/report/progress.ts");
  const { exitStatus, reportOne } = await import("../lib/report/build_report.ts");
  const project = await loadUserProject(ctx.opt.project);
  const artifactsDir = await artifactsTarget(ctx.opt.artifacts, [NATIVE]);
  await ensureHost(["native"], ctx, { task: "build-native" });
  if (ctx.dryRun) {
    const { commandText } = await import("../lib/base/text/command_text.ts");
    for (const command of nativeCommands(project)) ctx.print(commandText(command));
    return 0;
  }
  const result = await buildNative({
    project,
    artifactsDir,
    signal: ctx.signal,
    progress: plainProgress(ctx),
  });
  reportOne(ctx, result);
  return exitStatus([result]);
}

if (import.meta.main) await runTask(spec, main);
