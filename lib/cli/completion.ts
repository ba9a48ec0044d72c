/** Shells that have completion scripts. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of the {@link SHELLS}. */
export type Shell = typeof SHELLS[number];

/**
 * A script that completes `deno task NAME ...` and `just NAME ...` inside the checkout:
 * `completion.bash` and so on, with the checkout's path filled in.
 *
 * The scripts contain no list of tasks: they call `deno task completion --list`, so they never
 * become outdated. Outside the checkout they leave everything to the previous completion, since
 * pressing the tab key must not run another project's tasks.
 *
 * @param rootDir the checkout, as an absolute path
 */
export async function completionScript(shell: Shell, rootDir: string): Promise<string> {
  const template = await Deno.readTextFile(new URL(`completion.${shell}`, import.meta.url));
  const quote = shell === "fish" ? quoteForFish : quoteForPosix;
  return template.replace("@ROOT@", () => quote(rootDir));
}

/** One word for bash and zsh. */
function quoteForPosix(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** One word for fish, which knows two escapes inside single quotes. */
function quoteForFish(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
