import type { ContextOf } from "../cli/context.ts";
import type { OptionSpec, PositionalSpec, TaskSpec } from "../cli/spec.ts";
import { type Arch, MICRO_ARCHS } from "../config/archs.ts";
import { type PartName } from "../config/parts.ts";

/** The last positional of every task that builds parts. */
export const ARCH_POSITIONAL = {
  name: "ARCH",
  help: `the guests' architecture, or all (default: the host's, ${Deno.build.arch})`,
  choices: [...MICRO_ARCHS, "all"],
} as const satisfies PositionalSpec;

/** The options of every task that builds parts. */
export const PARTS_OPTIONS = [
  { name: "force", type: "boolean", help: "build even if nothing has changed" },
  { name: "explain", type: "boolean", help: "print what would be built and why, without building" },
] as const satisfies readonly OptionSpec[];

/** Other fields that tasks that build parts have in common. */
export const PARTS_TASK = {
  group: "image parts",
  omit: ["dry-run"],
  env: [
    { name: "GUESTHOUSE_IMAGES", help: "directory of the parts (default: images/dist)" },
    { name: "GUESTHOUSE_LOGS", help: "directory of the logs (default: logs)" },
  ],
} as const satisfies Partial<TaskSpec>;

/** How the tasks that always build the same parts differ. */
interface PartsTask extends Pick<TaskSpec, "name" | "summary" | "runs"> {
  readonly parts: readonly PartName[];
  /** The architectures that can be named. Default: those of microVMs, which "all" stands for. */
  readonly archs?: readonly Arch[];
}

/** A task that always builds the same parts: its spec and its work. */
export function partsTask({ parts, archs = MICRO_ARCHS, ...words }: PartsTask) {
  const command = `deno task ${words.name}`;
  const spec = {
    ...words,
    ...PARTS_TASK,
    positionals: [{ ...ARCH_POSITIONAL, choices: [...archs, "all"] }],
    options: PARTS_OPTIONS,
    examples: [
      { goal: "build it for this host's architecture", command },
      { goal: "build it for both architectures", command: `${command} all` },
      { goal: "see which input has changed", command: `${command} --explain` },
    ],
  } as const satisfies TaskSpec;
  const main = async (ctx: ContextOf<typeof spec>): Promise<number> => {
    const { runPartsTask } = await import("./run_parts.ts");
    return await runPartsTask(ctx, { parts, arch: ctx.positionals[0], task: spec.name });
  };
  return { spec, main };
}
