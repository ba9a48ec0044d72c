/**
 * Prints a completion script for a shell: `deno task completion bash`.
 */
import { completionScript, type Shell, SHELLS } from "../lib/cli/completion.ts";
import { UsageError } from "../lib/cli/errors.ts";
import { writeStdout } from "../lib/cli/output.ts";
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";

/** The task as its command line sees it. */
export const spec: TaskSpec = {
  name: "completion",
  summary: "Print a script that completes tasks and their options in a shell",
  description: "The script works inside this checkout, for `deno task` and for `just`.",
  positionals: [{ name: "SHELL", help: "the shell to print it for", choices: SHELLS }],
  rest: { name: "WORD", help: "with --list: the command line to complete" },
  options: [{
    name: "list",
    type: "boolean",
    help: "print what fits at the end of a command line; the scripts call this",
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
};

async function main(ctx: TaskContext): Promise<void> {
  writeStdout(ctx.flag("list") ? await listFitting(ctx.rest) : await renderScript(ctx));
}

async function listFitting(words: readonly string[]): Promise<string> {
  const { complete, renderCompletion } = await import("../lib/cli/complete.ts");
  const { loadSpecs } = await import("../lib/cli/load_specs.ts");
  const { root } = await import("../lib/host/paths.ts");
  return renderCompletion(await complete(words, () => loadSpecs(`${root}/tasks`)));
}

async function renderScript(ctx: TaskContext): Promise<string> {
  const [shell] = ctx.positionals;
  if (shell === undefined) {
    throw new UsageError("Cannot print a completion script: missing argument SHELL", {
      details: [`SHELL is one of ${SHELLS.join(", ")}`],
      next: "deno task completion --help",
    });
  }

  const { root } = await import("../lib/host/paths.ts");
  return await completionScript(shell as Shell, root);
}

if (import.meta.main) await runTask(spec, main);
