/** Words that POSIX shells (and bash) read as syntax when they stand unquoted as a command. */
const RESERVED = new Set(
  ("case coproc do done elif else esac fi for function if in select then time until while")
    .split(" "),
);

/** Text that no shell changes: no blank, no quote, no expansion, no `=` (an assignment). */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/** One word for a POSIX shell, read as exactly this text. Throws a `RangeError` for a NUL byte. */
export function quoteWord(word: string): string {
  if (word.includes("\0")) {
    throw new RangeError(
      `Cannot quote ${JSON.stringify(word)}: an argument cannot hold a NUL byte`,
    );
  }
  if (PLAIN.test(word) && !RESERVED.has(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * One command line for a POSIX shell that runs exactly this argv. It is the only way by which
 * values from outside reach a guest's shell.
 *
 * @example
 * ```ts
 * import { shellQuote } from "./quote.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(shellQuote(["cmake", "-S", "my project"]), "cmake -S 'my project'");
 * ```
 */
export function shellQuote(argv: readonly string[]): string {
  return argv.map(quoteWord).map((word, index) =>
    // As the start of `sh -c TEXT`, an unquoted dash would be an option of sh.
    index === 0 && word.startsWith("-") ? `'${word}'` : word
  ).join(" ");
}
