/**
 * A command as one line that a user can paste into a shell: words are quoted where needed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { commandText } from "./command_text.ts";
 *
 * assertEquals(commandText(["ssh", "guest", "echo $HOME"]), "ssh guest 'echo $HOME'");
 * ```
 */
export function commandText(command: readonly string[]): string {
  return command.map(wordText).join(" ");
}

export function wordText(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
