import type { Channel } from "./channel.ts";

/** The longest delay of a timer; one with a longer delay fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** How often to check a reader that is slower than the agent. */
const READER_MS = 15_000;

/**
 * Calls `late` when a channel's result is late. It does not count while a reader of ours is behind:
 * the agent may be waiting for it. Disposal ends the watch.
 */
export function watchSilence(
  channel: Pick<Channel, "isBehind" | "over">,
  timeoutMs: number,
  late: () => void,
): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const end = () => {
    isOver = true;
    clearTimeout(timer);
  };
  const wait = (ms: number) => {
    if (isOver) return;
    const laterMs = ms - LONGEST_TIMER_MS;
    timer = setTimeout(() => laterMs > 0 ? wait(laterMs) : judge(), Math.min(ms, LONGEST_TIMER_MS));
  };
  const judge = () => channel.isBehind ? wait(Math.min(timeoutMs, READER_MS)) : late();
  wait(timeoutMs);
  channel.over.then(end);
  return { [Symbol.dispose]: end };
}
