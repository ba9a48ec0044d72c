/** How many lines after a test's first may contain its `ignore`. */
const LINES = 12;

/**
 * The condition under which a test is skipped, as written in its source: the text after `ignore:`
 * in the test that begins on `line` (from 1). Returns undefined if there is none.
 */
export function whyLeftOut(source: string, line: number): string | undefined {
  const text = source.split("\n").slice(line - 1, line + LINES).join("\n");
  const match = /\bignore:\s*((?:[^,{}()]|\([^()]*(?:\([^()]*\)[^()]*)*\)|\{[^{}]*\})+)/.exec(text);
  const why = match?.[1]?.replace(/\s+/g, " ").trim();
  // The option that sets it is clearer than the constant that tests read (tests/support/thorough.ts).
  return why?.replace(/!thorough\b/, "without --thorough");
}

/** Whether `deno test --filter` lets a title through: a text that it contains, or `/PATTERN/`. */
export function passesFilter(title: string, filter: string): boolean {
  const pattern = /^\/(.*)\/$/s.exec(filter)?.[1];
  return pattern === undefined ? title.includes(filter) : new RegExp(pattern).test(title);
}
