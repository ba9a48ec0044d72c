import { commandText } from "../text/command_text.ts";

/** The command line of a task as this user can type it: with `npx` if Deno came that way. */
export function denoTaskText(task: string, args: readonly string[] = []): string {
  const viaNpx = /[/\\]_npx[/\\]/.test(Deno.execPath());
  const deno = viaNpx ? ["npx", "-y", `deno@${Deno.version.deno}`] : ["deno"];
  return commandText([...deno, "task", task, ...args]);
}
