import { delay } from "@std/async";
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { InterruptedError, WorkError } from "../base/errors.ts";
import { startDeadline } from "./deadline.ts";

const abortOf = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));

Deno.test("startDeadline() aborts with the phase in which time ran out", async () => {
  const { signal } = new AbortController();
  using deadline = startDeadline({ name: "debian-amd64", totalMs: 20, signal });
  deadline.phase("boot");
  deadline.phase("sync");
  const error = await abortOf(deadline.signal);
  assertInstanceOf(error, WorkError);
  assertEquals(
    error.message,
    'Cannot finish the build on debian-amd64: it still ran after 0.02 s, in phase "sync"',
  );
  assertStringIncludes(error.next ?? "", '"total" in "timeouts"');
});

Deno.test("startDeadline() passes the task's own abort on, and stops with its disposal", async () => {
  const task = new AbortController();
  const deadline = startDeadline({ name: "native", totalMs: 20, signal: task.signal });
  deadline[Symbol.dispose]();
  await delay(60);
  assertEquals(deadline.signal.aborted, false);
  const reason = new InterruptedError();
  task.abort(reason);
  assertEquals(deadline.signal.reason, reason);
});

Deno.test("startDeadline() takes times beyond a timer's limit", async () => {
  const { signal } = new AbortController();
  using deadline = startDeadline({ name: "native", totalMs: 1e12, signal });
  await delay(20);
  assertEquals(deadline.signal.aborted, false);
});
