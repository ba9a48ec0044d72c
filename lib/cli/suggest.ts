/**
 * The optimal string alignment distance: insertions, deletions, replacements and swaps
 * of neighbours each cost 1, and no part is edited twice (a restricted Damerau-Levenshtein
 * distance). Compares code points.
 */
export function editDistance(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 &&
        a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforePrevious[column - 2]! + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/** The most edits that still count as a slip: one for short words, a third of a long one. */
function tolerance(word: string): number {
  return Math.max(1, Math.floor([...word].length / 3));
}

/**
 * The candidate that the word was probably meant to be, or undefined.
 *
 * Ignores case. A candidate is near when few edits lead to it, when the word is its
 * beginning (`debian-am` for `debian-amd64`), or when it ends with a dash and the word
 * (`amd64` for `debian-amd64`); the last two only when no other candidate fits as well.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  const all = [...candidates];
  let best: string | undefined;
  let bestDistance = tolerance(wanted) + 1;
  for (const candidate of all) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    // A distance as long as the word would mean that nothing of it was kept.
    if (distance < bestDistance && distance < [...wanted].length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? onlyContaining(wanted, all);
}

function onlyContaining(wanted: string, candidates: readonly string[]): string | undefined {
  if (wanted.length < 2) return undefined;
  const fitting = candidates.filter((candidate) => {
    const name = candidate.toLowerCase();
    return name.startsWith(wanted) || name.endsWith(`-${wanted}`);
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}
