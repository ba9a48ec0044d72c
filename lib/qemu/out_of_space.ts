import { connectQmp } from "./qmp_connect.ts";
import { QmpClient } from "./qmp.ts";

/** How long QEMU may take to answer; another task may be talking to it. */
const ANSWER_MS = 2000;

/** A running guest, of any task. */
interface RunningGuest {
  readonly name: string;
  readonly qmpSocket: string;
}

/** Connects to a guest's QEMU for a short exchange. */
export const openQmp = async (
  { name, qmpSocket }: RunningGuest,
  signal: AbortSignal,
): Promise<QmpClient> =>
  await connectQmp({
    ...{ path: qmpSocket, name, signal },
    deadlineMs: ANSWER_MS,
    greetingMs: ANSWER_MS,
    commandMs: ANSWER_MS,
  });

/** Whether QEMU paused a guest because the host's disk is full. Throws as {@link connectQmp}. */
export async function isOutOfSpace(
  guest: RunningGuest | QmpClient,
  signal: AbortSignal,
): Promise<boolean> {
  if (guest instanceof QmpClient) {
    return (await guest.execute("query-status", undefined, { signal })).status === "io-error";
  }
  await using qmp = await openQmp(guest, signal);
  return await isOutOfSpace(qmp, signal);
}
