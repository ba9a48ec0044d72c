import { GuestError } from "../base/errors.ts";
import type { GuestCommands } from "./guest_commands.ts";
import type { SshConnection } from "./ssh.ts";

/** How long a guest may take to accept the request; it then shuts down by itself. */
const REQUEST_MS = 10_000;

/**
 * Asks a guest to shut down whose kernel does not know its machine's power button. A guest that
 * cannot be asked any more is ended by the rungs that come next, so that is no error here.
 */
export async function powerOffOverSsh(
  ssh: SshConnection,
  { powerOff }: Pick<GuestCommands, "powerOff">,
): Promise<void> {
  try {
    await ssh.exec(powerOff, {
      timeoutMs: REQUEST_MS,
      endInGuest: false,
    });
  } catch (error) {
    const isLate = error instanceof Error && error.name === "CommandTimeoutError";
    if (!(error instanceof GuestError) && !isLate) throw error;
  }
}
