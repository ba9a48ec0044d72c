import { ownScript } from "./own_script.ts";
import { run } from "./run.ts";

const SEND_SIGNAL = ownScript("send_signal.sh", import.meta.url);

/**
 * Signals a process that is not a child; a script, as `Deno.kill` needs permission to run anything.
 */
export async function sendSignal(pid: number, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  // 0 and negative numbers would mean whole process groups.
  if (!Number.isSafeInteger(pid) || pid < 2) throw new RangeError(`${pid} is not a process id`);
  await run([SEND_SIGNAL, signal.slice(3), String(pid)]);
}
