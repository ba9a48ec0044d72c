import { assertEquals, assertRejects } from "@std/assert";
import { InterruptedError } from "../errors.ts";
import { runInForeground } from "./run_in_foreground.ts";
import { within } from "./process_testing.ts";

Deno.test("runInForeground() returns the status, also after a signal", async () => {
  assertEquals(await runInForeground(["sh", "-c", "exit 3"]), 3);
  assertEquals(await runInForeground(["sh", "-c", "kill -KILL $$"]), 137);
});

Deno.test("runInForeground() ends the program when the signal aborts, and waits for its end", async () => {
  const interrupt = new AbortController();
  const script = "trap 'exit 5' TERM; kill -TERM $PPID; while :; do sleep 0.05; done";
  const onTerm = () => interrupt.abort(new InterruptedError());
  Deno.addSignalListener("SIGTERM", onTerm);
  try {
    const { signal } = interrupt;
    assertEquals(await within(runInForeground(["sh", "-c", script], { signal })), 5);
    await assertRejects(() => runInForeground(["true"], { signal }), InterruptedError);
  } finally {
    Deno.removeSignalListener("SIGTERM", onTerm);
  }
});

Deno.test("runInForeground() forwards this task's signals", async () => {
  const script = "trap 'exit 5' HUP; kill -HUP $PPID; while :; do sleep 0.05; done";
  assertEquals(await within(runInForeground(["sh", "-c", script], { forward: ["SIGHUP"] })), 5);
});
