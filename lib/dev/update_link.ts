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

/** Commands by a new login each, which shows that sshd still accepts one. */
export class UpdateLink {
  constructor(readonly record: DevRecord, readonly signal: AbortSignal) {}

  /**
   * Runs a command after a new login. `undefined` if there is no login, or the connection breaks.
   */
  async ask(argv: readonly string[]): Promise<{ code: number; stdout: string } | undefined> {
    try {
      await using ssh = await this.#logIn();
      return await collect(ssh, argv, this.signal);
    } catch (error) {
      this.signal.throwIfAborted();
      const isLate = error instanceof Error && error.name === "CommandTimeoutError";
      if (error instanceof GuestError || isLate) return undefined;
      throw error;
    }
  }

  /** Like {@link ask}, until there is an answer or the time is over. */
  async askUntil(argv: readonly string[], deadlineMs: number) {
    const deadline = performance.now() + deadlineMs;
    while (performance.now() < deadline) {
      const answer = await this.ask(argv);
      if (answer !== undefined) return answer;
      await delay(RETRY_MS, { signal: this.signal });
    }
    return undefined;
  }

  async #logIn(): Promise<SshConnection> {
    const { record, signal } = this;
    const keys = await ensureKeys(signal);
    // Not the connection that all tasks share, which may outlive its server.
    const own = { ...record, sshSocket: `${record.sshSocket}-u` };
    return await logIn(own, keys, { signal, deadlineMs: ATTEMPT_MS });
  }
}

/** The most output of a command: the log of an update that was not read for a long time. */
const MAX_CHARS = 16 * 1024 * 1024;

/** Runs a command and returns its output. */
export async function collect(
  ssh: SshConnection,
  argv: readonly string[],
  signal: AbortSignal,
  timeoutMs: number = ATTEMPT_MS,
): Promise<{ code: number; stdout: string }> {
  const maxChars = MAX_CHARS;
  return await execText(ssh, argv, { signal, timeoutMs, endInGuest: false, maxChars });
}
