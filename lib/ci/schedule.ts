/** A piece of work and the resources that it uses while it runs. */
export interface Job<T> {
  readonly name: string;
  readonly memoryMiB: number;
  readonly run: () => Promise<T>;
}

interface Budget {
  readonly memoryMiB: number;
  /** The most jobs at a time. */
  readonly jobs: number;
}

interface Schedule<T> extends Budget {
  /** Once it is aborted, no more jobs are started. */
  readonly signal: AbortSignal;
  /** The result for a job that threw, or, with the signal's reason, was not started. */
  readonly lost: (job: Job<T>, why: unknown) => T;
}

/**
 * Runs jobs in parallel within a budget, the largest first, and returns their results in the order
 * of `jobs`. A job larger than the budget runs alone. A failed job does not stop the others.
 */
export async function runWithin<T>(jobs: readonly Job<T>[], options: Schedule<T>): Promise<T[]> {
  const { signal, lost, ...budget } = options;
  const results = new Map<Job<T>, T>();
  const waiting = [...jobs].sort((a, b) => b.memoryMiB - a.memoryMiB);
  const running = new Set<Promise<void>>();
  let takenMiB = 0;
  while (waiting.length > 0 || running.size > 0) {
    if (signal.aborted) {
      for (const job of waiting.splice(0)) results.set(job, lost(job, signal.reason));
    }
    const next = waiting.findIndex((job) =>
      running.size === 0 ||
      (running.size < budget.jobs && takenMiB + job.memoryMiB <= budget.memoryMiB)
    );
    const job = next === -1 ? undefined : waiting.splice(next, 1)[0];
    if (job === undefined) {
      if (running.size > 0) await Promise.race(running);
      continue;
    }
    takenMiB += job.memoryMiB;
    const work = job.run()
      .catch((error) => lost(job, error))
      .then((result) => {
        results.set(job, result);
        takenMiB -= job.memoryMiB;
        running.delete(work);
      });
    running.add(work);
  }
  return jobs.map((job) => results.get(job) as T);
}
