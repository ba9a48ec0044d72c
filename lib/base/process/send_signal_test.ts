import { assertEquals, assertRejects } from "@std/assert";
import { spawnOwned } from "./process.ts";
import { sendSignal } from "./send_signal.ts";

Deno.test("sendSignal() ends a process, and accepts one that has already ended", async () => {
  for (const [signal, code] of [["SIGTERM", 143], ["SIGKILL", 137]] as const) {
    await using child = spawnOwned(["sh", "-c", "echo $$; exec sleep 3600"], { stdout: "piped" });
    const { value } = await child.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(value));
    await sendSignal(pid, signal);
    assertEquals((await child.status).code, code);
    await sendSignal(pid, signal);
  }
});

Deno.test("sendSignal() refuses numbers that mean more than one process", async () => {
  for (const pid of [0, -1, 1, NaN]) {
    await assertRejects(() => sendSignal(pid, "SIGKILL"), RangeError, `${pid} is not a process id`);
  }
});
