import type { TaskContext } from "../cli/context.ts";
import { UsageError } from "../base/errors.ts";
import { ask } from "../cli/prompt.ts";
import { type DevFile, fileText } from "./state/dev_files.ts";

/** Shows what will be destroyed, and asks for the guest's name. Throws {@link UsageError}. */
export async function confirmReset(
  ctx: TaskContext,
  name: string,
  files: readonly DevFile[],
): Promise<void> {
  const lines = files.map(fileText);
  if (!ctx.yes && !ctx.interactive) {
    throw new UsageError(
      `Cannot destroy guest "${name}": confirmation is needed, and there is no terminal`,
      {
        details: lines,
        next: "deno task arm-dev-reset --yes",
      },
    );
  }
  ctx.log.info([`This destroys guest "${name}":`, ...lines.map((line) => `  ${line}`)].join("\n"));
  if (ctx.yes) return;
  const answer = await ask(`Type its name to continue:`, ctx);
  if (answer.trim() === name) return;
  throw new UsageError(`Cannot destroy guest "${name}": the answer was another name`, {
    details: ["nothing was destroyed"],
    next: "deno task arm-dev-reset",
  });
}
