import { GuestError } from "../base/errors.ts";
import type { QmpClient } from "./qmp.ts";
import { sendSignal } from "../base/process/send_signal.ts";
import { settlesWithin } from "../base/time/wait.ts";

/** The step that ended a guest. `gone`: it had ended before. */
export type ShutdownRung = "gone" | "powerdown" | "quit" | "terminate" | "kill";

/** What {@link shutDown} works on: a guest of this task, or one that was kept. */
export interface ShutdownTarget {
  readonly name: string;
  readonly exited: Promise<unknown>;
  /** Without it, the first rung is `terminate`. */
  readonly qmp?: QmpClient;
  readonly pid: number;
}

/** How long each rung may take, in milliseconds. 0 skips a rung. */
export interface ShutdownDeadlines {
  /** The guest's own orderly shutdown (ACPI power button). Default 30 000. */
  readonly powerdownMs?: number;
  /** QEMU's `quit`, which is like pulling the plug. Default 3000. */
  readonly quitMs?: number;
  /** SIGTERM to QEMU. Default 3000. */
  readonly terminateMs?: number;
  /** SIGKILL. Default 10 000, since a large guest's memory takes time to free. */
  readonly killMs?: number;
}

/** Ends a guest, the gentlest way first. Throws {@link GuestError} only if even SIGKILL failed. */
export async function shutDown(
  target: ShutdownTarget,
  deadlines: ShutdownDeadlines = {},
): Promise<ShutdownRung> {
  const { powerdownMs = 30_000, quitMs = 3000, terminateMs = 3000, killMs = 10_000 } = deadlines;
  if (await settlesWithin(target.exited, 0) === "settled") return "gone";
  const { qmp } = target;
  const rungs: [ShutdownRung, number, Act][] = [
    ["powerdown", qmp === undefined ? 0 : powerdownMs, () => powerDown(qmp)],
    ["quit", qmp === undefined ? 0 : quitMs, () => quit(qmp)],
    ["terminate", terminateMs, () => sendSignal(target.pid, "SIGTERM")],
    ["kill", killMs, () => sendSignal(target.pid, "SIGKILL")],
  ];
  for (const [rung, deadlineMs, act] of rungs) {
    if (deadlineMs <= 0) continue;
    if (await tryRung(target.exited, deadlineMs, act)) return rung;
  }
  throw new GuestError(`Cannot stop guest "${target.name}": QEMU survived SIGKILL`, {
    details: ["its process may be stuck in the kernel, on a disk that does not answer"],
    // Not `ps -C`, which means something else on macOS.
    next: "ps -axo pid,stat,wchan,args | grep qemu-system",
  });
}

/** Time for QEMU to end after a failed step: freeing much memory takes a moment. */
const ENDING_MS = 500;

/** Makes a guest end eventually, or reports that it cannot. */
type Act = () => Promise<void | "impossible">;

/** Acts, and waits for the end. */
async function tryRung(
  exited: Promise<unknown>,
  deadlineMs: number,
  act: Act,
): Promise<boolean> {
  const over = Promise.withResolvers<"impossible" | "failed">();
  (async () => {
    if (await act() === "impossible") over.resolve("impossible");
  })().catch(() => over.resolve("failed"));
  exited.then(() => over.resolve("failed"), () => over.resolve("failed"));
  if (await settlesWithin(over.promise, deadlineMs) === "late") return false;
  if (await over.promise === "impossible") return false;
  return await settlesWithin(exited, Math.min(deadlineMs, ENDING_MS)) === "settled";
}

async function powerDown(qmp: QmpClient | undefined): Promise<void | "impossible"> {
  const status = await qmp?.execute("query-status");
  // A paused guest never sees the button.
  if (status?.running !== true) return "impossible";
  await qmp?.execute("system_powerdown");
}

async function quit(qmp: QmpClient | undefined): Promise<void> {
  await qmp?.execute("quit");
}
