/** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** What {@link settlesWithin} found out. */
export type Settled = "settled" | "late";

/** Whether a promise settles (either way) within `ms` milliseconds. Never rejects. */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<Settled> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Settled>((resolve) => {
    timer = setTimeout(() => resolve("late"), ms);
  });
  try {
    return await Promise.race([promise.then(() => "settled", () => "settled"), late]) as Settled;
  } finally {
    clearTimeout(timer);
  }
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
