/** How many lines after a test's first may contain its `ignore`. */
const LINES = 12;

/** The text after `ignore:` in the test that begins on `line` (from 1), if there is one. */
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
