import type { TestJob } from "./test_files.ts";

/**
 * Takes the next job from `waiting`, the longest first; undefined if none may start now. Emulated
 * guests compete for processors until deadlines pass, so half of the places are for files that boot
 * guests as long as there are others, and two thirds later.
 */
export function takeNext(
  waiting: TestJob[],
  running: ReadonlySet<TestJob>,
  places: number,
): TestJob | undefined {
  const guests = [...running].filter(({ bootsGuest }) => bootsGuest).length;
  const others = waiting.findIndex(({ bootsGuest }) => !bootsGuest);
  const share = others < 0 ? Math.ceil(places * 2 / 3) : Math.floor(places / 2);
  const first = waiting.findIndex(({ bootsGuest }) => bootsGuest);
  const at = first >= 0 && guests < Math.max(1, share) ? first : others;
  return at < 0 ? undefined : waiting.splice(at, 1)[0];
}
