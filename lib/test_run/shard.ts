import type { TestJob } from "./test_files.ts";

/** One of several machines that share the tests. */
export interface Shard {
  /** From 1 to `count`. */
  readonly index: number;
  readonly count: number;
}

/** Reads `I/N`, such as `2/3`. Returns undefined for anything else. */
export function parseShard(text: string): Shard | undefined {
  const match = /^([1-9]\d?)\/([1-9]\d?)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  return index <= count ? { index, count } : undefined;
}

/** Longest first, so that no long job starts last. */
export function longestFirst(jobs: readonly TestJob[]): TestJob[] {
  return jobs.toSorted((a, b) => b.seconds - a.seconds || (a.name < b.name ? -1 : 1));
}

/** The jobs of one shard: each job, longest first, goes to the shard with the least work. */
export function jobsOfShard(jobs: readonly TestJob[], shard: Shard): TestJob[] {
  const shards = Array.from({ length: shard.count }, () => ({ seconds: 0, jobs: [] as TestJob[] }));
  for (const job of longestFirst(jobs)) {
    const least = shards.reduce((a, b) => b.seconds < a.seconds ? b : a);
    least.jobs.push(job);
    least.seconds += job.seconds;
  }
  return shards[shard.index - 1]!.jobs;
}
