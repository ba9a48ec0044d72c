import type { QmpEvent } from "./qmp_commands.ts";

/** Events held for a slow reader; QEMU limits their rate, so more means that it has stopped. */
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

  /** Every event from this call on. Ends when closed, throws when the connection is lost. */
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
