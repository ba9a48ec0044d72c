import type { TestJob } from "./test_files.ts";

/**
 * Removes the next job to start from `waiting`, which is sorted by duration, the longest first.
 * Guests are emulated without KVM, and two files that boot guests at the same time compete for
 * processors until deadlines pass; so only half of the places are for files that boot guests, as
 * long as there are other files for the rest. Returns undefined if nothing waits.
 */
export function takeNext(
  waiting: TestJob[],
  running: ReadonlySet<TestJob>,
  places: number,
): TestJob | undefined {
  const guests = [...running].filter(({ bootsGuest }) => bootsGuest).length;
  const wanted = guests < Math.max(1, Math.floor(places / 2));
  const at = waiting.findIndex(({ bootsGuest }) => bootsGuest === wanted);
  return waiting.splice(Math.max(0, at), 1)[0];
}
