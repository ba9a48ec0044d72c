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

/**
 * Runs jobs in parallel within a budget, those that take most memory first, and gives their
 * results in the order of `jobs`. A job that is larger than the whole budget runs alone. One
 * job's failure stops no other; when all are done, failures are thrown together.
 */
export async function runWithin<T>(jobs: readonly Job<T>[], budget: Budget): Promise<T[]> {
  const results = new Map<Job<T>, T>();
  const failures: unknown[] = [];
  const waiting = [...jobs].sort((a, b) => b.memoryMiB - a.memoryMiB);
  const running = new Set<Promise<void>>();
  let takenMiB = 0;
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex((job) =>
      running.size === 0 ||
      (running.size < budget.jobs && takenMiB + job.memoryMiB <= budget.memoryMiB)
    );
    const job = next === -1 ? undefined : waiting.splice(next, 1)[0];
    if (job === undefined) {
      await Promise.race(running);
      continue;
    }
    takenMiB += job.memoryMiB;
    const work = job.run()
      .then((result) => void results.set(job, result), (error) => void failures.push(error))
      .finally(() => {
        takenMiB -= job.memoryMiB;
        running.delete(work);
      });
    running.add(work);
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, "Several jobs failed");
  return jobs.map((job) => results.get(job) as T);
}
