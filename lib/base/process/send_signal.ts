import { ownScript } from "./own_script.ts";
import { run } from "./run.ts";

const SEND_SIGNAL = ownScript("send_signal.sh", import.meta.url);

/**
 * Sends a signal to a process that is not our own child; one that has ended already is no error.
 *
 * By a script, since `Deno.kill` asks for permission to run any program whatsoever.
 */
export async function sendSignal(pid: number, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  // 0 and negative numbers would mean whole process groups.
  if (!Number.isSafeInteger(pid) || pid < 2) throw new RangeError(`${pid} is not a process id`);
  await run([SEND_SIGNAL, signal.slice(3), String(pid)]);
}
