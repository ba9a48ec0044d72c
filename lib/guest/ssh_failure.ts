import { GuestError } from "../cli/errors.ts";
import { wordText } from "../host/command_text.ts";
import { fill } from "../symptoms/fill.ts";
import { SSH } from "../symptoms/ssh.ts";
import type { SshReason } from "../symptoms/ssh_reason.ts";

export type { SshReason } from "../symptoms/ssh_reason.ts";

/** A connection did not come up. */
export class SshConnectError extends GuestError {
  override name = "SshConnectError";
  constructor(
    guest: string,
    readonly reason: SshReason,
    text: string,
    /** Whether another try may succeed. */
    readonly retryable: boolean,
    options: { readonly details?: readonly string[]; readonly next?: string } = {},
  ) {
    super(`Cannot connect to guest "${guest}": ${text}`, options);
  }
}

/** Reads the reason out of what ssh has said. */
export function explainSshOutput(guest: string, stderr: string): SshConnectError {
  const lines = stderr.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  const symptom = SSH.find(({ patterns }) => patterns.some((pattern) => pattern.test(stderr)));
  const details = lines.slice(-2).map((line) => `ssh: ${line}`);
  if (symptom?.ssh === undefined) {
    return new SshConnectError(guest, "unknown", "ssh failed", true, { details });
  }
  const { reason, retryable } = symptom.ssh;
  // What waiting may mend calls for nothing, and whoever waits says so when it was in vain.
  const next = retryable ? undefined : fill(symptom.fix[0] ?? "", { guest }, wordText);
  return new SshConnectError(guest, reason, symptom.title, retryable, { details, next });
}
