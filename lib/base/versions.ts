/**
 * Finds a version such as `7.2.22` in a program's output: the first group of `pattern`, if given.
 */
export function parseVersion(text: string, pattern?: RegExp): string | undefined {
  if (pattern === undefined) {
    // Numbers with dots come first, since names have digits too: "mke2fs 1.47.0".
    return /\d+(?:\.\d+)+/.exec(text)?.[0] ?? /\d+/.exec(text)?.[0];
  }
  return pattern.exec(text)?.[1];
}

/** Compares versions number by number, as for sorting; `3.13` equals `3.13.0`. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split(".").map(Number)) as [
    number[],
    number[],
  ];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
