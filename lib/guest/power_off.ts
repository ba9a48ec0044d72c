import { GuestError } from "../base/errors.ts";
import type { GuestCommands } from "./guest_commands.ts";
import type { SshConnection } from "./ssh.ts";

/** How long a guest may take to accept the request; it then shuts down on its own. */
const REQUEST_MS = 10_000;

/** Shuts down a guest whose kernel lacks its machine's power button. Failing is no error here. */
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
