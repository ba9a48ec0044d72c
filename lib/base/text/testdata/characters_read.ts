/** What goes through a string from one end to the other. */
const METHODS = [
  ...["split", "replace", "replaceAll", "match", "matchAll", "slice", "trim", "trimEnd"],
] as const;

/** How many characters string methods visit during `work`: a measure of cost without a clock. */
export function charactersRead(work: () => void): number {
  let count = 0;
  const prototype = String.prototype as unknown as Record<string, unknown>;
  const before = METHODS.map((name) => [name, prototype[name]] as const);
  for (const [name, method] of before) {
    prototype[name] = function (this: string, ...args: unknown[]) {
      count += this.length;
      return (method as (...args: unknown[]) => unknown).apply(this, args);
    };
  }
  try {
    work();
  } finally {
    for (const [name, method] of before) prototype[name] = method;
  }
  return count;
}
