import { assertEquals } from "@std/assert";
import { takeNext } from "./next_job.ts";
import type { TestJob } from "./test_files.ts";

/** The order in which jobs start of which the oldest one always ends first; `g` boots guests. */
function order(names: readonly string[], places: number): string[] {
  const waiting = names.map((name): TestJob => ({
    ...{ name, files: [name], bootsGuest: name.startsWith("g"), seconds: 1 },
  }));
  const running = new Set<TestJob>();
  const begun: string[] = [];
  while (true) {
    const next = running.size < places ? takeNext(waiting, running, places) : undefined;
    if (next !== undefined) {
      begun.push(next.name);
      running.add(next);
    } else if (running.size > 0) {
      const [oldest] = running;
      begun.push(`-${oldest!.name}`);
      running.delete(oldest!);
    } else {
      assertEquals(waiting, []);
      return begun;
    }
  }
}

Deno.test("takeNext() starts one guest file beside others, and later one per core", () => {
  assertEquals(order(["g1", "o1", "g2", "o2", "g3", "g4"], 3), [
    ...["g1", "o1", "o2", "-g1", "g2", "-o1", "g3", "-o2", "-g2", "g4", "-g3", "-g4"],
  ]);
});

Deno.test("takeNext() lets no guest wait if there is one place, or nothing else to do", () => {
  assertEquals(order(["o1", "g1"], 1), ["g1", "-g1", "o1", "-o1"]);
  assertEquals(order(["g1", "g2"], 2), ["g1", "g2", "-g1", "-g2"]);
});

Deno.test("takeNext() reserves half of many places for files that boot no guest", () => {
  assertEquals(order(["g1", "g2", "g3", "o1", "o2"], 4).slice(0, 4), ["g1", "g2", "o1", "o2"]);
});
