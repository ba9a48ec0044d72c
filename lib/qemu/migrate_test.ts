import { assert, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { GuestError, InterruptedError } from "../base/errors.ts";
import { loadState, type StateOptions } from "./migrate.ts";
import type { QmpClient } from "./qmp.ts";

/** A QEMU that does what QMP says, but takes nothing from its socket: it hangs. */
async function withHungQemu(use: (options: StateOptions, qmp: QmpClient) => Promise<void>) {
  const dir = await Deno.makeTempDir({ prefix: "gh-migrate-" });
  const [path, socketPath] = [join(dir, "state"), join(dir, "socket")];
  // More than a socket holds.
  await Deno.writeFile(path, new Uint8Array(8 * 2 ** 20));
  using _listener = Deno.listen({ transport: "unix", path: socketPath });
  const qmp = { execute: () => Promise.resolve({ status: "inmigrate" }) } as unknown as QmpClient;
  try {
    const { signal } = new AbortController();
    await use({ name: "x", path, socketPath, deadlineMs: 60_000, signal }, qmp);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Rejects when the promise is still pending after five seconds. */
function inTime<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it hangs")), 5000);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

Deno.test("loadState() gives up on a QEMU that reads nothing, at its deadline", async () => {
  await withHungQemu(async (options, qmp) => {
    await assertRejects(
      () => inTime(loadState(qmp, { ...options, deadlineMs: 200 })),
      GuestError,
      'Cannot restore the state of guest "x": no end within 0.2 s',
    );
  });
});

Deno.test("loadState() can be interrupted while QEMU reads nothing", async () => {
  await withHungQemu(async (options, qmp) => {
    const stop = new AbortController();
    const start = performance.now();
    setTimeout(() => stop.abort(new InterruptedError()), 200);
    await assertRejects(
      () => inTime(loadState(qmp, { ...options, signal: stop.signal })),
      InterruptedError,
    );
    assert(performance.now() - start < 5000);
  });
});
