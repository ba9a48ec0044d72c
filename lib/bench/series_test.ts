import { assertEquals, assertRejects } from "@std/assert";
import { GuestError, InterruptedError } from "../base/errors.ts";
import { Series } from "./series.ts";

const { signal } = new AbortController();

Deno.test("Series keeps what was measured before a failure, and stops there", async () => {
  const series = new Series<number>();
  const error = new GuestError("Cannot start: it is gone", { details: ["why"], next: "look" });
  assertEquals(await series.take(signal, () => Promise.resolve(3)), 3);
  assertEquals(await series.take(signal, () => Promise.reject(error)), undefined);
  assertEquals(await series.take(signal, () => Promise.resolve(4)), undefined);
  assertEquals(series.values, [3]);
  assertEquals(series.error, "Cannot start: it is gone\nwhy\nnext: look");
});

Deno.test("Series throws bugs and interruptions", async () => {
  const series = new Series<number>();
  await assertRejects(
    () => series.take(signal, () => Promise.reject(new TypeError("a bug"))),
    TypeError,
    "a bug",
  );
  const controller = new AbortController();
  const aborted = series.take(controller.signal, () => {
    controller.abort(new InterruptedError());
    return Promise.reject(new GuestError("Cannot start: it was ended"));
  });
  await assertRejects(() => aborted, InterruptedError);
});
