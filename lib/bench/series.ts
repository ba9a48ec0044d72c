import { TaskError } from "../base/errors.ts";
import { makeRow, type Row } from "../report/row.ts";
import { TARGETS } from "./targets.ts";

/** What every measurement takes. */
export interface BenchOptions {
  readonly runs: number;
  readonly signal: AbortSignal;
  /** Called with the next measurement. */
  readonly onStep: (text: string) => void;
  /** Called with the result of a run, or why there is none, since an interruption loses the table. */
  readonly onRun: (text: string) => void;
}

/** The runs of one measurement. The first that fails is the last. */
export class Series<T> {
  readonly values: T[] = [];
  /** Why there are no more values. */
  error: string | undefined;

  /** Measures once more, unless it has failed before. Interruptions and bugs are thrown. */
  async take(
    { signal, onRun }: Pick<BenchOptions, "signal" | "onRun">,
    measure: () => Promise<T>,
  ): Promise<void> {
    signal.throwIfAborted();
    if (this.error !== undefined) return;
    try {
      const value = await measure();
      this.values.push(value);
      onRun(JSON.stringify(value));
    } catch (error) {
      signal.throwIfAborted();
      this.error = explain(error);
      onRun(this.error);
    }
  }
}

/** Measures as often as is wanted. */
export async function measureSeries<T>(
  title: string,
  options: BenchOptions,
  measure: () => Promise<T>,
): Promise<Series<T>> {
  const series = new Series<T>();
  for (let run = 1; run <= options.runs; run++) {
    options.onStep(`${title}: run ${run} of ${options.runs}`);
    await series.take(options, measure);
  }
  return series;
}

/** A row with its target, if it has one. */
export function rowOf(
  name: string,
  runs: readonly number[],
  more: Pick<Parameters<typeof makeRow>[0], "platform" | "note" | "error">,
): Row {
  return makeRow({ name, target: TARGETS[name], runs, ...more });
}

function explain(error: unknown): string {
  if (error instanceof TaskError) {
    const { message, details, next } = error;
    return [message, ...details, ...(next === undefined ? [] : [`next: ${next}`])].join("\n");
  }
  if (error instanceof DOMException && error.name === "TimeoutError") return error.message;
  throw error;
}
