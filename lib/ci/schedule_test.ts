import { assertEquals, assertRejects } from "@std/assert";
import { type Job, runWithin } from "./schedule.ts";

/** Jobs that end when told to, and a log of what started. */
function gates(sizes: Record<string, number>) {
  const started: string[] = [];
  const finish: Record<string, () => void> = {};
  const jobs: Job<string>[] = Object.entries(sizes).map(([name, memoryMiB]) => ({
    name,
    memoryMiB,
    run: () => {
      started.push(name);
      return new Promise((resolve) => finish[name] = () => resolve(name.toUpperCase()));
    },
  }));
  return { started, finish, jobs };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("runWithin() starts the largest first and keeps to the memory budget", async () => {
  const { started, finish, jobs } = gates({ small: 100, large: 300, medium: 200 });
  const all = runWithin(jobs, { memoryMiB: 400, jobs: 9 });
  await settle();
  assertEquals(started, ["large", "small"]);
  finish.large?.();
  await settle();
  assertEquals(started, ["large", "small", "medium"]);
  finish.small?.();
  finish.medium?.();
  assertEquals(await all, ["SMALL", "LARGE", "MEDIUM"]);
});

Deno.test("runWithin() keeps to the number of jobs", async () => {
  const { started, finish, jobs } = gates({ a: 3, b: 2, c: 1 });
  const all = runWithin(jobs, { memoryMiB: 1000, jobs: 1 });
  await settle();
  assertEquals(started, ["a"]);
  for (const name of ["a", "b", "c"]) {
    finish[name]?.();
    await settle();
  }
  assertEquals(await all, ["A", "B", "C"]);
});

Deno.test("runWithin() runs a job that is larger than the budget, alone", async () => {
  const { started, finish, jobs } = gates({ huge: 9000, small: 1 });
  const all = runWithin(jobs, { memoryMiB: 100, jobs: 9 });
  await settle();
  assertEquals(started, ["huge"]);
  finish.huge?.();
  await settle();
  finish.small?.();
  assertEquals(await all, ["HUGE", "SMALL"]);
});

Deno.test("runWithin() lets one job's failure stop no other", async () => {
  const done: string[] = [];
  const jobs: Job<void>[] = [
    { name: "bad", memoryMiB: 2, run: () => Promise.reject(new Error("broken")) },
    { name: "good", memoryMiB: 1, run: async () => void done.push(await Promise.resolve("good")) },
  ];
  await assertRejects(() => runWithin(jobs, { memoryMiB: 10, jobs: 1 }), Error, "broken");
  assertEquals(done, ["good"]);
});
