import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { jobsOfShard, longestFirst, parseShard } from "./shard.ts";
import type { TestJob } from "./test_files.ts";

const job = (name: string, seconds: number): TestJob => ({
  ...{ name, files: [name], bootsGuest: false, seconds },
});

Deno.test("parseShard() reads I/N", () => {
  assertEquals(parseShard("2/3"), { index: 2, count: 3 });
  for (const text of ["", "0/3", "4/3", "1/0", "1", "a/b", "1/2/3", "01/2", "-1/2"]) {
    assertEquals(parseShard(text), undefined, text);
  }
});

Deno.test("longestFirst() orders equal jobs by name", () => {
  const jobs = [job("b", 1), job("c", 5), job("a", 1)];
  assertEquals(longestFirst(jobs).map(({ name }) => name), ["c", "a", "b"]);
});

Deno.test("jobsOfShard() gives each job to exactly one shard, whatever their order", () => {
  const durations = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 40 });
  fc.assert(fc.property(durations, fc.integer({ min: 1, max: 9 }), (all, count) => {
    const jobs = all.map((seconds, at) => job(`job ${at}`, seconds));
    const shards = Array.from({ length: count }, (_, at) => {
      const shard = { index: at + 1, count };
      assertEquals(jobsOfShard(jobs.toReversed(), shard), jobsOfShard(jobs, shard));
      return jobsOfShard(jobs, shard);
    });
    assertEquals(shards.flat().map(({ name }) => name).sort(), jobs.map((j) => j.name).sort());
    // No shard has more to do than another by more than its last job.
    const loads = shards.map((own) => own.reduce((sum, { seconds }) => sum + seconds, 0));
    const longest = Math.max(0, ...all);
    assertEquals(Math.max(...loads) - Math.min(...loads) <= longest, true);
  }));
});
