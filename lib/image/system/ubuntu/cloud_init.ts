import { WorkError } from "../../../base/errors.ts";
import { denoTaskText } from "../../../base/process/deno_task.ts";
import { execText } from "../../../guest/exec_text.ts";
import type { SshConnection } from "../../../guest/ssh.ts";

/** Installing compilers under emulation; a mirror that is slow takes as long. */
const DONE_MS = 3_600_000;

/** The status of `cloud-init status` that says: done, with warnings. Versions before 24 lack it. */
const RECOVERED = 2;

/** Shows what went wrong, worst last; each part may be missing. */
const EXPLAIN = [
  "cloud-init status --long",
  "sudo -n grep -hE '(WARNING|ERROR)' /var/log/cloud-init.log | tail -n 10",
  "sudo -n grep -E '^(E|Err|W):' /var/log/cloud-init-output.log | tail -n 10",
].join("; ");

/**
 * Waits until cloud-init has done its work, by its own word. Throws {@link WorkError} with the
 * errors that it recorded.
 */
export async function waitForCloudInit(
  { ssh, name, log, signal }: {
    readonly ssh: SshConnection;
    readonly name: string;
    readonly log: (line: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const argv = ["cloud-init", "status", "--wait"];
  const { code, lastLines } = await execText(ssh, argv, { signal, timeoutMs: DONE_MS });
  const [status = ""] = lastLines(1);
  log(status.replace(/^\.+/, ""));
  if (code === 0) return;
  const explained = await execText(ssh, ["sh", "-c", EXPLAIN], { signal });
  const lines = explained.lastLines(40);
  if (code === RECOVERED) return lines.forEach(log);
  lines.forEach(log);
  throw new WorkError(`Cannot set up "${name}": cloud-init ended with errors`, {
    details: [...lines, "the download is kept"],
    next: denoTaskText("setup-images", [name]),
  });
}
