import { delay } from "@std/async";
import { assertEquals } from "@std/assert";
import { LONGEST_TIMER_MS, watchSilence } from "./silence.ts";

/** A channel as the watch sees it. */
function fakeChannel() {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  return { isBehind: false, over, end: resolve };
}

Deno.test("watchSilence() takes times beyond a timer's limit", async () => {
  let late = 0;
  using _ = watchSilence(fakeChannel(), LONGEST_TIMER_MS + 1000, () => late++);
  await delay(50);
  assertEquals(late, 0);
});

Deno.test("watchSilence() restarts the agent's time when our reader was slow", async () => {
  const channel = { ...fakeChannel(), isBehind: true };
  const isLate = Promise.withResolvers<void>();
  let late = 0;
  using _ = watchSilence(channel, 20, () => {
    late++;
    isLate.resolve();
  });
  await delay(100);
  assertEquals(late, 0);
  channel.isBehind = false;
  await isLate.promise;
  await delay(100);
  assertEquals(late, 1);
});

Deno.test("watchSilence() ends with the channel, and when disposed", async () => {
  const channel = fakeChannel();
  let late = 0;
  using _ = watchSilence(channel, 20, () => late++);
  channel.end();
  watchSilence(fakeChannel(), 20, () => late++)[Symbol.dispose]();
  await delay(100);
  assertEquals(late, 0);
});
