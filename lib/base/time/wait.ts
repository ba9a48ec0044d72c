type Settled = "settled" | "late";

/**
 * Whether a promise settles (either way) within `ms` milliseconds. Never rejects.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { settlesWithin } from "./wait.ts";
 *
 * assertEquals(await settlesWithin(Promise.reject(new Error("failed")), 1000), "settled");
 * assertEquals(await settlesWithin(new Promise(() => {}), 1), "late");
 * ```
 */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<Settled> {
  const settled = promise.then(() => {}, () => {});
  return await firstOf(settled, ms, undefined) === "late" ? "late" : "settled";
}

/** Which comes first: the end, the signal or the time. `ended` must not reject. */
export async function firstOf(
  ended: Promise<unknown>,
  timeoutMs: number | undefined,
  signal: AbortSignal | undefined,
): Promise<"ended" | "aborted" | "late"> {
  const first = Promise.withResolvers<"ended" | "aborted" | "late">();
  const abort = () => first.resolve("aborted");
  const timer = timeoutMs === undefined
    ? undefined
    : setTimeout(() => first.resolve("late"), timeoutMs);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  ended.then(() => first.resolve("ended"));
  try {
    return await first.promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
