import { assertEquals } from "@std/assert";
import { takeNext } from "./next_job.ts";
import type { TestJob } from "./test_files.ts";

const job = (name: string, bootsGuest: boolean): TestJob => ({
  ...{ name, files: [name], bootsGuest, seconds: 1 },
});

Deno.test("takeNext() starts one guest file beside another file, and two when there is no other", () => {
  const [guest1, guest2, guest3] = ["g1", "g2", "g3"].map((name) => job(name, true));
  const [other1, other2] = ["o1", "o2"].map((name) => job(name, false));
  const waiting = [guest1!, other1!, guest2!, other2!, guest3!];
  const running = new Set<TestJob>();
  const order = [];
  // Two places; the oldest one ends each time.
  for (let next = takeNext(waiting, running, 2); next; next = takeNext(waiting, running, 2)) {
    order.push(next.name);
    running.add(next);
    if (running.size === 2) running.delete([...running][0]!);
  }
  assertEquals(order, ["g1", "o1", "g2", "o2", "g3"]);
  assertEquals(takeNext([guest2!], new Set([guest1!]), 2), guest2);
  assertEquals(takeNext([other1!], new Set([]), 2), other1);
  assertEquals(takeNext([], new Set([guest1!]), 2), undefined);
});

Deno.test("takeNext() keeps half of many places for guests", () => {
  const waiting = [1, 2, 3].map((n) => job(`g${n}`, true)).concat(job("o", false));
  const running = new Set([waiting[0]!]);
  assertEquals(takeNext(waiting.slice(1), running, 4)?.name, "g2");
  running.add(waiting[1]!);
  assertEquals(takeNext(waiting.slice(2), running, 4)?.name, "o");
});
