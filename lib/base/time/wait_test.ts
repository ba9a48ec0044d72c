import { delay } from "@std/async";
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { InterruptedError } from "../errors.ts";
import { settlesWithin } from "./wait.ts";

Deno.test("delay() rejects at once with the reason of an aborted signal", async () => {
  const controller = new AbortController();
  const reason = new InterruptedError();
  const waiting = delay(3_600_000, { signal: controller.signal });
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => waiting), reason);
  assertStrictEquals(await assertRejects(() => delay(1, { signal: controller.signal })), reason);
});

Deno.test("settlesWithin() counts a rejection as settled and leaves no timer", async () => {
  assertEquals(await settlesWithin(Promise.reject(new Error("x")), 3_600_000), "settled");
  assertEquals(await settlesWithin(new Promise(() => {}), 1), "late");
});
