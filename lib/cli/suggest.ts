import { levenshteinDistance } from "@std/text";

/** Insertions, deletions and replacements; a swap of two neighbours counts as one edit, not two. */
function slips(word: string, candidate: string): number {
  const edits = levenshteinDistance(word, candidate);
  return edits === 2 && letters(word) === letters(candidate) ? 1 : edits;
}

const letters = (word: string) => [...word].sort().join("");

/** The most edits that still count as a typo: one for short words, a third of a long one. */
function tolerance(word: string): number {
  return Math.max(1, Math.floor([...word].length / 3));
}

/**
 * The candidate that was probably meant: few edits away, in any case; or else the only one that
 * starts with the word, or ends with a dash and the word (`amd64` for `debian-amd64`).
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  const all = [...candidates];
  let best: string | undefined;
  let bestDistance = tolerance(wanted) + 1;
  for (const candidate of all) {
    const distance = slips(wanted, candidate.toLowerCase());
    // A distance as long as the word would mean that none of it was kept.
    if (distance < bestDistance && distance < [...wanted].length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? onlyContaining(wanted, all);
}

/** The end of a sentence about an unknown word; empty where no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const guess = nearest(word, candidates);
  return guess === undefined ? "" : `, did you mean ${JSON.stringify(guess)}?`;
}

function onlyContaining(wanted: string, candidates: readonly string[]): string | undefined {
  if (wanted.length < 2) return undefined;
  const fitting = candidates.filter((candidate) => {
    const name = candidate.toLowerCase();
    return name.startsWith(wanted) || name.endsWith(`-${wanted}`);
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}
