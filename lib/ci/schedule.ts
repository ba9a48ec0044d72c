/** A piece of work and what it takes of the host while it runs. */
export interface Job<T> {
  readonly name: string;
  readonly memoryMiB: number;
  readonly run: () => Promise<T>;
}

/** What all jobs that run at one time may take together. */
export interface Budget {
  readonly memoryMiB: number;
  /** The most jobs at one time. */
  readonly jobs: number;
}

/** What {@link runWithin} takes besides jobs. */
export interface Schedule<T> extends Budget {
  /** Once it is aborted, no other job is started. */
  readonly signal: AbortSignal;
  /** Gives the result of a job that threw, or that was not started: then the signal's reason. */
  readonly lost: (job: Job<T>, why: unknown) => T;
}

/**
 * Runs jobs in parallel within a budget, those that take the most memory first, and returns their
 * results in the order of `jobs`. A job that is larger than the whole budget runs alone. A failed
 * job does not stop the others.
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
