import type { TestJob } from "./test_files.ts";

/**
 * Removes the next job to start from `waiting`, which is sorted by duration, the longest first;
 * undefined if none may start while the `running` ones run.
 *
 * Most tests wait for much of their time. Guests, which are emulated without KVM, do not: too many of
 * them at the same time compete for processors until deadlines pass. So half of the places are for
 * files that boot guests as long as there are other files, and two thirds later.
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
