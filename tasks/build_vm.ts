// Builds the project in one guest.
//   deno task build-vm PLATFORM [--project DIR] [--keep]
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";
import {
  ARTIFACTS_OPTION,
  GUEST_OPTIONS,
  INCREMENTAL_OPTION,
  PLATFORM_POSITIONAL,
  PROJECT_OPTION,
} from "../lib/build/common_options.ts";
import { UsageError } from "../lib/cli/errors.ts";
import { platformsDir } from "../lib/host/paths.ts";

export const spec: TaskSpec = {
  name: "build-vm",
  group: "local CI",
  summary: "Build the project in one guest",
  description: [
    "Starts a guest on a throw-away overlay, copies the project in, runs its steps, copies its",
    "artifacts out, and shuts the guest down. The project and the image stay as they are.",
  ].join("\n"),
  positionals: [PLATFORM_POSITIONAL],
  options: [
    PROJECT_OPTION,
    ARTIFACTS_OPTION,
    ...GUEST_OPTIONS,
    INCREMENTAL_OPTION,
    {
      name: "ssh-port",
      type: "number",
      min: 1,
      max: 65535,
      help: "port of 127.0.0.1 that leads to the guest (default: a free one)",
    },
    { name: "keep", type: "boolean", help: "leave the guest up, and say how to connect" },
    {
      name: "shell-on-failure",
      type: "boolean",
      help: "open a shell in the guest when a step fails",
    },
  ],
  examples: [
    { goal: "build the project you are in", command: "deno task build-vm debian-amd64" },
    {
      goal: "look at a failure where it happened",
      command: "deno task build-vm debian-arm64 --shell-on-failure",
    },
    { goal: "leave the guest up afterwards", command: "deno task build-vm debian-amd64 --keep" },
  ],
  runs: "qemu-img create -b, qemu-system-*, ssh, rsync",
};

async function main(ctx: TaskContext): Promise<number> {
  const { artifactsTarget, kernelWords, loadUserProject } = await import("../lib/build/load.ts");
  const { loadPlatform } = await import("../lib/config/platform.ts");
  const { prepareGuests } = await import("../lib/build/prepare.ts");
  const { buildInGuest } = await import("../lib/build/guest_build.ts");
  const { guestSize, sshPort } = await import("../lib/build/machine.ts");
  const { plainProgress } = await import("../lib/build/progress.ts");
  const { announceKept, openFailureShell } = await import("../lib/build/kept.ts");
  const { dryRunGuest } = await import("../lib/build/dry_run.ts");
  const { exitStatus, reportOne } = await import("../lib/report/build_report.ts");
  const { hostFacts } = await import("../lib/host/facts.ts");
  if (ctx.flag("keep") && ctx.flag("incremental")) {
    throw new UsageError("Cannot use --keep with --incremental: the guest would keep the cache", {
      next: "leave one of them out",
    });
  }
  const platform = await loadPlatform(platformsDir, ctx.positionals[0] ?? "");
  const project = await loadUserProject(ctx);
  const artifactsDir = await artifactsTarget(ctx);
  const size = guestSize(platform, project, {
    memoryMiB: ctx.num("memory"),
    cores: ctx.num("cores"),
  });
  const accelerator = ctx.str("accel") as "auto";
  const port = sshPort(platform, ctx.num("ssh-port"));
  if (ctx.dryRun) {
    return dryRunGuest(ctx, {
      platform,
      project,
      size,
      accelerator,
      sshPort: port,
      append: kernelWords(ctx),
    });
  }
  const prepared = await prepareGuests([platform], ctx, {
    again: { permissionSet: "build", file: import.meta.url },
    task: "build-vm",
  });
  if (prepared.kind === "reexecuted") return prepared.status;
  const result = await buildInGuest({
    ...{ platform, project, size, accelerator, sshPort: port },
    append: kernelWords(ctx),
    cold: ctx.flag("cold"),
    incremental: ctx.flag("incremental"),
    hostMemoryMiB: (await hostFacts()).memoryMiB,
    artifactsDir,
    signal: ctx.signal,
    progress: plainProgress(ctx),
    ...(ctx.flag("keep")
      ? { onKeep: async (guest) => announceKept(ctx, await guest.keep(project.dir)) }
      : {}),
    ...(ctx.flag("shell-on-failure") ? { onFailure: (guest) => openFailureShell(ctx, guest) } : {}),
  });
  reportOne(ctx, result);
  return exitStatus([result]);
}

if (import.meta.main) await runTask(spec, main);
