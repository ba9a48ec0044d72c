import { delay } from "@std/async";
import { assertEquals } from "@std/assert";
import { withWaitingSample } from "./testdata/run_sample.ts";

/** Longer than the window in which two interrupts count as one key press. */
const NEXT_KEYPRESS_MS = 400;

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  for (const mode of ["wait", "swallow"]) {
    Deno.test(`runTask() ends with 130 after ${name} in a task that ends by "${mode}"`, async () => {
      await withWaitingSample([mode], async ({ child, nextLine }) => {
        child.kill(name);
        assertEquals(await nextLine(), `Cleaning up after ${name}`);
        assertEquals(await nextLine(), `Interrupted by ${name}`);
        assertEquals((await child.status).code, 130);
      });
    });
  }
}

Deno.test("runTask() with --json prints a document when interrupted", async () => {
  await withWaitingSample(["wait", "--json"], async ({ child, stdout }) => {
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 130);
    assertEquals(JSON.parse(await stdout), {
      ok: false,
      error: { message: "Interrupted by SIGTERM", details: [], exit: 130 },
    });
  });
});

Deno.test("runTask() reports what went wrong during its cleanup", async () => {
  await withWaitingSample(["badCleanup"], async ({ child, nextLine }) => {
    child.kill("SIGINT");
    await nextLine();
    assertEquals(await nextLine(), "Interrupted by SIGINT");
    assertEquals(await nextLine(), '  Cannot remove "overlay": it is busy');
    assertEquals((await child.status).code, 130);
  });
});

Deno.test("runTask() finishes its cleanup under repeated signals, and says what it waits for", async () => {
  await withWaitingSample(["slowCleanup"], async ({ child, nextLine }) => {
    child.kill("SIGINT");
    assertEquals(await nextLine(), "Cleaning up after SIGINT");
    assertEquals(await nextLine(), "cleaning");
    await delay(NEXT_KEYPRESS_MS);
    child.kill("SIGINT");
    assertEquals(
      await nextLine(),
      'warning: still cleaning up, waiting for: guest "debian-amd64" to shut down ' +
        `(to give up: kill -9 ${child.pid})`,
    );
    child.kill("SIGTERM");
    child.kill("SIGHUP");
    // Deno takes signals on a thread of its own. One that comes only when the process is about to end
    // ends it as if nobody listened.
    await delay(NEXT_KEYPRESS_MS);
    await child.stdin.close();
    assertEquals(await nextLine(), "clean");
    assertEquals(await nextLine(), "Interrupted by SIGINT");
    assertEquals((await child.status).code, 130);
  });
});

Deno.test("runTask() treats an echo of the first SIGINT as the same key press", async () => {
  await withWaitingSample(["slowCleanup"], async ({ child, nextLine }) => {
    child.kill("SIGINT");
    child.kill("SIGINT");
    assertEquals(await nextLine(), "Cleaning up after SIGINT");
    await child.stdin.close();
    assertEquals(await nextLine(), "cleaning");
    assertEquals(await nextLine(), "clean");
    assertEquals(await nextLine(), "Interrupted by SIGINT");
    assertEquals((await child.status).code, 130);
  });
});
