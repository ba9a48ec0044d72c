/**
 * Prints a completion script for a shell: `deno task completion bash`.
 */
import { completionScript, SHELLS } from "../lib/cli/completion.ts";
import { writeStdout } from "../lib/base/terminal/output.ts";
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";

/** The task as its command line sees it. */
export const spec = {
  name: "completion",
  summary: "Print a script that completes tasks and their options in a shell",
  description: "The script works inside this checkout, for `deno task` and for `just`.",
  positionals: [{
    name: "SHELL",
    help: "the shell to print it for",
    required: true,
    unless: "list",
    choices: SHELLS,
  }],
  rest: { name: "WORD", help: "with --list: the command line to complete" },
  options: [{
    name: "list",
    type: "boolean",
    help: "print completions for the end of a command line; the scripts call this",
  }],
  omit: ["json", "dry-run", "yes"],
  examples: [
    {
      goal: "Complete tasks in this bash session",
      command: "deno task --quiet completion bash > /tmp/guesthouse.bash; . /tmp/guesthouse.bash",
    },
    {
      goal: "Complete tasks in every fish session",
      command: "deno task --quiet completion fish > ~/.config/fish/conf.d/guesthouse.fish",
    },
  ],
  group: "project",
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { root } = await import("../lib/base/files/paths.ts");
  // If there is no shell, there is --list.
  const [shell] = ctx.positionals;
  writeStdout(
    ctx.opt.list || shell === undefined
      ? await listFitting(ctx.rest, root)
      : await completionScript(shell, root),
  );
}

async function listFitting(words: readonly string[], root: string): Promise<string> {
  const { complete, renderCompletion } = await import("../lib/cli/complete.ts");
  const { loadSpecs } = await import("../lib/cli/load_specs.ts");
  return renderCompletion(await complete(words, () => loadSpecs(`${root}/tasks`)));
}

if (import.meta.main) await runTask(spec, main);
