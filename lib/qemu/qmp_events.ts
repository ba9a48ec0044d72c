import type { QmpEvent } from "./qmp_commands.ts";

/**
 * How many events an iterator holds for a slow reader before it drops the oldest. QEMU limits the
 * rate of events that a guest can cause, so this happens only if the reader has stopped reading.
 */
const MAX_QUEUED = 1024;

type Listener = { event(event: QmpEvent): void; end(reason: Error | undefined): void };

/** Passes events to all listeners, and tells them when there will be no more. */
export class EventHub {
  #listeners = new Set<Listener>();
  #ended = false;
  #reason?: Error;

  publish(event: QmpEvent): void {
    for (const listener of [...this.#listeners]) listener.event(event);
  }

  /** No more events: `reason` is the error, or `undefined` for a normal end. */
  end(reason: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reason = reason;
    for (const listener of [...this.#listeners]) listener.end(reason);
    this.#listeners.clear();
  }

  /** Calls the listener from now on; returns a function that stops this. */
  listen(listener: Listener): () => void {
    if (this.#ended) {
      listener.end(this.#reason);
      return () => {};
    }
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Every event from this call on (not from the first `next()`). Iteration ends when the
   * connection is closed, and throws when it is lost.
   */
  iterate(): AsyncIterableIterator<QmpEvent> {
    const queue: QmpEvent[] = [];
    let over: { reason: Error | undefined } | undefined;
    let wake = () => {};
    const stop = this.listen({
      event(event) {
        queue.push(event);
        if (queue.length > MAX_QUEUED) queue.shift();
        wake();
      },
      end(reason) {
        over = { reason };
        wake();
      },
    });
    return {
      async next() {
        while (true) {
          const event = queue.shift();
          if (event !== undefined) return { done: false, value: event };
          if (over?.reason !== undefined) throw over.reason;
          if (over !== undefined) return { done: true, value: undefined };
          await new Promise<void>((resolve) => wake = resolve);
        }
      },
      return() {
        stop();
        over = { reason: undefined };
        wake();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
