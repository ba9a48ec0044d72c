import { delay } from "@std/async";

/** What is seen of a process that is not our child. Disposal stops watching. */
export interface ProcessEnd extends Disposable {
  /** Resolves when the process has ended, or nobody watches any longer. */
  readonly exited: Promise<void>;
  readonly over: boolean;
}

/** Watches for the end of a process that is not our child, which is asked for every so often. */
export function watchEnd(isRunning: () => Promise<boolean>, pollMs: number): ProcessEnd {
  let watching = true;
  let over = false;
  const exited = (async () => {
    while (watching && await isRunning()) await delay(pollMs);
    over = watching;
  })();
  return {
    exited,
    get over() {
      return over;
    },
    [Symbol.dispose]: () => void (watching = false),
  };
}
