import { delay } from "@std/async";
import { GuestError } from "../base/errors.ts";
import { execText } from "../guest/exec_text.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { ensureKeys } from "../host/keys.ts";
import { logIn } from "./connect_dev.ts";
import type { DevRecord } from "./state/record.ts";

/** How long one login attempt, or one command, may take in a guest that is still starting. */
const ATTEMPT_MS = 30_000;
/** Between two attempts. */
const RETRY_MS = 1000;
/** The most output of a command: the log of an update that was not read for a long time. */
const MAX_CHARS = 16 * 1024 * 1024;

/**
 * Runs a command in a guest whose sshd may stop or restart at any time, after a new login: an
 * existing one does not show whether another is possible. `undefined` if there is no login, or the
 * connection breaks.
 */
export async function ask(record: DevRecord, argv: readonly string[], signal: AbortSignal) {
  try {
    const keys = await ensureKeys(signal);
    // Not the connection that all tasks share, which may outlive its server.
    const own = { ...record, sshSocket: `${record.sshSocket}-u` };
    await using ssh = await logIn(own, keys, { signal, deadlineMs: ATTEMPT_MS });
    return await collect(ssh, argv, signal);
  } catch (error) {
    signal.throwIfAborted();
    const isLate = error instanceof Error && error.name === "CommandTimeoutError";
    if (error instanceof GuestError || isLate) return undefined;
    throw error;
  }
}

/** Like {@link ask}, until there is an answer or the time is over. */
export async function askUntil(
  record: DevRecord,
  argv: readonly string[],
  signal: AbortSignal,
  deadlineMs: number,
) {
  const deadline = performance.now() + deadlineMs;
  while (performance.now() < deadline) {
    const answer = await ask(record, argv, signal);
    if (answer !== undefined) return answer;
    await delay(RETRY_MS, { signal });
  }
  return undefined;
}

/** Runs a command and returns its output. */
export const collect = (
  ssh: SshConnection,
  argv: readonly string[],
  signal: AbortSignal,
  timeoutMs: number = ATTEMPT_MS,
) => execText(ssh, argv, { signal, timeoutMs, endInGuest: false, maxChars: MAX_CHARS });
