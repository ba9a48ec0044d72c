import { assertEquals } from "@std/assert";
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

/** A budget, where nothing is lost. */
const within = (memoryMiB: number, jobs: number, signal = new AbortController().signal) => ({
  ...{ memoryMiB, jobs, signal },
  lost: ({ name }: Job<string>, why: unknown) => `${name}: ${(why as Error).message}`,
});

const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("runWithin() starts the largest first and keeps to the memory budget", async () => {
  const { started, finish, jobs } = gates({ small: 100, large: 300, medium: 200 });
  const all = runWithin(jobs, within(400, 9));
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
  const all = runWithin(jobs, within(1000, 1));
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
  const all = runWithin(jobs, within(100, 9));
  await settle();
  assertEquals(started, ["huge"]);
  finish.huge?.();
  await settle();
  finish.small?.();
  assertEquals(await all, ["HUGE", "SMALL"]);
});

Deno.test("runWithin() gives each job that threw its own result, and continues", async () => {
  const bad = (name: string): Job<string> => ({
    ...{ name, memoryMiB: 2 },
    run: () => Promise.reject(new Error("broken")),
  });
  const good = { name: "good", memoryMiB: 1, run: () => Promise.resolve("GOOD") };
  const results = await runWithin([bad("one"), good, bad("two")], within(10, 1));
  assertEquals(results, ["one: broken", "GOOD", "two: broken"]);
});

Deno.test("runWithin() starts nothing after its signal, and waits for running jobs", async () => {
  const { started, finish, jobs } = gates({ a: 3, b: 2, c: 1 });
  const abort = new AbortController();
  const all = runWithin(jobs, within(1000, 1, abort.signal));
  await settle();
  abort.abort(new Error("interrupted"));
  await settle();
  assertEquals(await Promise.race([all, "still running"]), "still running");
  finish.a?.();
  assertEquals(await all, ["A", "b: interrupted", "c: interrupted"]);
  assertEquals(started, ["a"]);
});
