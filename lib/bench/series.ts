import { TaskError } from "../base/errors.ts";

/** The runs of one measurement. The first that fails is the last. */
export class Series<T> {
  readonly #values: T[] = [];
  #error: string | undefined;

  get values(): readonly T[] {
    return this.#values;
  }

  /** Why there are no more values. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Measures once more, unless it has failed before. Throws interruptions and bugs. */
  async take(signal: AbortSignal, measure: () => Promise<T>): Promise<T | undefined> {
    signal.throwIfAborted();
    if (this.#error !== undefined) return undefined;
    try {
      const value = await measure();
      this.#values.push(value);
      return value;
    } catch (error) {
      signal.throwIfAborted();
      this.#error = explain(error);
      return undefined;
    }
  }
}

function explain(error: unknown): string {
  if (error instanceof TaskError) {
    const { message, details, next } = error;
    return [message, ...details, ...(next === undefined ? [] : [`next: ${next}`])].join("\n");
  }
  if (error instanceof DOMException && error.name === "TimeoutError") return error.message;
  throw error;
}
