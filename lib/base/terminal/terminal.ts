import { cleanEnvironment } from "../process/clean_environment.ts";

/**
 * Runs a program that owns the terminal, and returns its exit status (128 + the signal's number
 * if one ended it). The program is in the foreground and gets the terminal's Ctrl-C itself.
 */
export async function runInTerminal(command: readonly string[]): Promise<number> {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, {
    args,
    clearEnv: true,
    env: cleanEnvironment(program),
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  return (await child.status).code;
}
