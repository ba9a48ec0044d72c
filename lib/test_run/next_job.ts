import type { TestJob } from "./test_files.ts";

/**
 * Takes the job to start next out of `waiting`, which is sorted by what has most to do. Guests are
 * emulated where there is no KVM, and two files of them at one time wait for each other's processors
 * until deadlines pass; so half of the places are for files that boot guests, as long as there are
 * others for the rest. Returns undefined if nothing waits.
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
