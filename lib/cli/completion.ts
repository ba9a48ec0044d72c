/** Shells that have completion scripts. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of the {@link SHELLS}. */
export type Shell = typeof SHELLS[number];

/**
 * A script that completes `deno task NAME ...` and `just NAME ...` inside the checkout. It gets the
 * tasks from `deno task completion --list`, so it never becomes outdated; outside the checkout it
 * defers to the previous completion.
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
