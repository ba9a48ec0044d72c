import type { TaskContext } from "../cli/context.ts";
import type { OptionSpec, PositionalSpec, TaskSpec } from "../cli/spec.ts";
import type { TaskMain } from "../cli/task.ts";
import { ARCHS, type PartName } from "../config/parts.ts";
import type { PartsChoice } from "./run_parts.ts";

/** What tells one task that builds parts from another. */
export interface PartsTask
  extends Pick<TaskSpec, "name" | "summary" | "description" | "runs" | "positionals" | "options"> {
  /** Its `import.meta.url`, by which it is started again once tools are installed. */
  readonly file: string;
  /** Always the same parts, or what the command line says. */
  readonly builds: readonly PartName[] | ((ctx: TaskContext) => PartsChoice);
  /** Default: build it for this host, for both architectures, and say which input has changed. */
  readonly examples?: TaskSpec["examples"];
}

const ARCH: PositionalSpec = {
  name: "ARCH",
  help: `the guests' architecture, or all (default: the host's, ${Deno.build.arch})`,
  choices: [...ARCHS, "all"],
};

const OPTIONS: readonly OptionSpec[] = [
  { name: "force", type: "boolean", help: "build even if nothing has changed" },
  { name: "explain", type: "boolean", help: "say what would be built and why, build nothing" },
];

/** A task that builds image parts: its spec, with ARCH as the last positional, and its work. */
export function partsTask(task: PartsTask): { readonly spec: TaskSpec; readonly main: TaskMain } {
  const { file, builds, positionals = [], options = [], ...words } = task;
  const command = `deno task ${task.name}`;
  const spec: TaskSpec = {
    examples: [
      { goal: "build it for this host's architecture", command },
      { goal: "build it for both architectures", command: `${command} all` },
      { goal: "see which input has changed", command: `${command} --explain` },
    ],
    ...words,
    group: "image parts",
    positionals: [...positionals, ARCH],
    options: [...OPTIONS, ...options],
    omit: ["dry-run"],
    env: [
      { name: "GUESTHOUSE_IMAGES", help: "folder of the parts (default: images/dist)" },
      { name: "GUESTHOUSE_LOGS", help: "folder of the logs (default: logs)" },
    ],
  };
  const main = async (ctx: TaskContext) => {
    const choice = typeof builds === "function" ? builds(ctx) : { parts: builds };
    const arch = ctx.positionals[positionals.length];
    const { runPartsTask } = await import("./run_parts.ts");
    return await runPartsTask(ctx, { ...choice, arch, task: task.name, file });
  };
  return { spec, main };
}
