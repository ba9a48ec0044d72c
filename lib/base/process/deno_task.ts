import { commandText } from "../text/command_text.ts";

/**
 * The command line that runs a task, as this user can type it: with `npx` if that is how this
 * Deno came here, since there may then be no `deno` on the user's `PATH`.
 */
export function denoTaskText(task: string, args: readonly string[] = []): string {
  const viaNpx = /[/\\]_npx[/\\]/.test(Deno.execPath());
  const deno = viaNpx ? ["npx", "-y", `deno@${Deno.version.deno}`] : ["deno"];
  return commandText([...deno, "task", task, ...args]);
}
