// Removes what builds of a project kept for the next build.
//   deno task clean [PLATFORM...] [--project DIR] [--all]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { platformsPositional, PROJECT_OPTION } from "../lib/image/parts/common_options.ts";

export const spec = {
  name: "clean",
  group: "local CI",
  summary: "Remove what builds of the project kept for the next build",
  description: [
    "Removes its build caches, which --incremental fills, and its directory for builds on the host.",
    "The project's own directory is not touched. Entries that another task is using stay, with a",
    "warning and status 1.",
  ].join("\n"),
  positionals: [
    platformsPositional("where it was built: platforms, or native for the host (default: all)", [
      "native",
    ]),
  ],
  options: [
    PROJECT_OPTION,
    { name: "all", type: "boolean", help: "remove those of every project" },
    { name: "dry-run", type: "boolean", help: "print what would be removed, without removing it" },
  ],
  conflicts: [{ between: ["project", "all"], why: "--all means every project" }],
  omit: ["yes"],
  examples: [
    { goal: "build everything again the next time", command: "deno task clean" },
    { goal: "remove one build cache", command: "deno task clean debian-arm64 --project ../mine" },
    { goal: "remove those of every project", command: "deno task clean --all" },
  ],
  env: [{ name: "GUESTHOUSE_STATE", help: "directory of the build caches (default: .guesthouse)" }],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { clean } = await import("../lib/cleanup/clean.ts");
  const { resolveProject } = await import("../lib/project/find_project.ts");
  const { callersDir } = await import("../lib/cli/output_path.ts");
  const { root } = await import("../lib/base/files/paths.ts");
  const { printRemoved, storedDocument, totalBytes } = await import("../lib/cleanup/storage.ts");
  const { removed, left } = await clean({
    // Only its path is needed, so its config may be invalid; none means all projects.
    projectDir: ctx.opt.all
      ? undefined
      : await resolveProject({ projectFlag: ctx.opt.project, cwd: callersDir(), root }),
    names: ctx.positionals,
    dryRun: ctx.dryRun,
    signal: ctx.signal,
    onWarning: (text) => ctx.log.warn(text),
  });
  for (const { kind, what, holder } of left) {
    if (holder !== undefined) ctx.log.warn(`The ${kind} ${what} stays: in use by ${holder}`);
  }
  ctx.result({
    ok: left.length === 0,
    dryRun: ctx.dryRun,
    removed: removed.map(storedDocument),
    left: left.map((item) => ({ ...storedDocument(item), holder: item.holder ?? null })),
    bytesFreed: totalBytes(removed),
  });
  printRemoved(ctx, removed, `${left.length} left`);
  return left.length === 0 ? 0 : 1;
}

if (import.meta.main) await runTask(spec, main);
