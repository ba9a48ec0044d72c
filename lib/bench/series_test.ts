import { assertEquals, assertRejects } from "@std/assert";
import { GuestError, InterruptedError } from "../base/errors.ts";
import { measureSeries, Series } from "./series.ts";

const { signal } = new AbortController();
const quiet = { signal, onRun: () => {} };

Deno.test("Series keeps what was measured before a failure, and stops there", async () => {
  const series = new Series<number>();
  const told: string[] = [];
  const options = { signal, onRun: (text: string) => void told.push(text) };
  const error = new GuestError("Cannot start: it is gone", { details: ["why"], next: "look" });
  await series.take(options, () => Promise.resolve(3));
  await series.take(options, () => Promise.reject(error));
  await series.take(options, () => Promise.resolve(4));
  assertEquals(series.values, [3]);
  assertEquals(series.error, "Cannot start: it is gone\nwhy\nnext: look");
  assertEquals(told, ["3", series.error]);
});

Deno.test("Series throws bugs and interruptions", async () => {
  const series = new Series<number>();
  await assertRejects(
    () => series.take(quiet, () => Promise.reject(new TypeError("a bug"))),
    TypeError,
    "a bug",
  );
  const controller = new AbortController();
  const aborted = series.take({ ...quiet, signal: controller.signal }, () => {
    controller.abort(new InterruptedError());
    return Promise.reject(new GuestError("Cannot start: it was ended"));
  });
  await assertRejects(() => aborted, InterruptedError);
});

Deno.test("measureSeries() says which run is next", async () => {
  const steps: string[] = [];
  const options = { ...quiet, runs: 2, onStep: (text: string) => void steps.push(text) };
  const { values } = await measureSeries("boot", options, () => Promise.resolve(steps.length));
  assertEquals([steps, values], [["boot: run 1 of 2", "boot: run 2 of 2"], [1, 2]]);
});
