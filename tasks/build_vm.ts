// Builds the project in one guest.
//   deno task build-vm PLATFORM [--project DIR] [--keep]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import {
  ARTIFACTS_OPTION,
  GUEST_OPTIONS,
  INCREMENTAL_OPTION,
  NETWORK_OPTION,
  PLATFORM_POSITIONAL,
  PROJECT_OPTION,
} from "../lib/image/parts/common_options.ts";
import { platformsDir } from "../lib/base/files/paths.ts";

export const spec = {
  name: "build-vm",
  group: "local CI",
  summary: "Build the project in one guest",
  description: [
    "Starts a guest on a throw-away overlay, copies the project in, runs its steps, copies its",
    "artifacts out, and shuts the guest down. The project and the image are not changed.",
  ].join("\n"),
  positionals: [PLATFORM_POSITIONAL],
  options: [
    PROJECT_OPTION,
    ARTIFACTS_OPTION,
    ...GUEST_OPTIONS,
    NETWORK_OPTION,
    INCREMENTAL_OPTION,
    {
      name: "ssh-port",
      type: "number",
      min: 1,
      max: 65535,
      help: "port on 127.0.0.1 that is forwarded to the guest's SSH (default: a free one)",
    },
    { name: "keep", type: "boolean", help: "leave the guest running, and print how to connect" },
    {
      name: "shell-on-failure",
      type: "boolean",
      help: "open a shell in the guest when a step fails",
    },
  ],
  conflicts: [{ between: ["keep", "incremental"], why: "the guest would keep the cache" }],
  examples: [
    { goal: "build the project you are in", command: "deno task build-vm debian-amd64" },
    {
      goal: "examine a failure where it happened",
      command: "deno task build-vm debian-arm64 --shell-on-failure",
    },
    {
      goal: "leave the guest running afterwards",
      command: "deno task build-vm debian-amd64 --keep",
    },
  ],
  runs: "qemu-img create -b, qemu-system-*, ssh, rsync",
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { loadUserProject } = await import("../lib/project/load_project.ts");
  const { kernelWords, networkRule } = await import("../lib/project/guest_rules.ts");
  const { loadPlatform } = await import("../lib/config/platform.ts");
  const { prepareGuests } = await import("../lib/setup/prepare.ts");
  const { artifactsTarget } = await import("../lib/ci/artifacts_dir.ts");
  const { buildInGuest } = await import("../lib/ci/guest_build.ts");
  const { guestSize, sshPort } = await import("../lib/vm/build_machine.ts");
  const { plainProgress } = await import("../lib/report/progress.ts");
  const { announceKept, openFailureShell } = await import("../lib/vm/kept.ts");
  const { exitStatus, reportOne } = await import("../lib/report/build_report.ts");
  const { opt, positionals: [name] } = ctx;
  const platform = await loadPlatform(platformsDir, name);
  const project = await loadUserProject(opt.project);
  const artifactsDir = await artifactsTarget(opt.artifacts, [name]);
  const guest = {
    ...{ platform, project, accelerator: opt.accel },
    size: guestSize(platform, project, opt),
    sshPort: sshPort(platform, opt.sshPort),
    append: kernelWords(opt.append),
    network: networkRule(opt.network, ctx.log, project),
  };
  if (ctx.dryRun) {
    const { dryRunGuest } = await import(
      "../lib/ci/build_dry_run.ts" as string
    ) as typeof import("../lib/ci/build_dry_run.ts");
    return await dryRunGuest(ctx, guest);
  }
  await prepareGuests([platform], ctx, { task: spec.name });
  const result = await buildInGuest({
    ...guest,
    cold: opt.cold,
    incremental: opt.incremental,
    artifactsDir,
    signal: ctx.signal,
    progress: plainProgress(ctx),
    ...(opt.keep
      ? { onKeep: async (guest) => announceKept(ctx, await guest.keep(project.dir)) }
      : {}),
    ...(opt.shellOnFailure ? { onFailure: (guest) => openFailureShell(ctx, guest) } : {}),
  });
  reportOne(ctx, result);
  return exitStatus([result]);
}

if (import.meta.main) await runTask(spec, main);
