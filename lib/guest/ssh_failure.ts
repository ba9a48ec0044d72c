import { GuestError } from "../base/errors.ts";
import { wordText } from "../base/text/command_text.ts";
import { fill } from "../symptoms/fill.ts";
import { SSH } from "../symptoms/ssh_symptoms.ts";
import type { SshReason } from "../symptoms/ssh_reason.ts";

export type { SshReason } from "../symptoms/ssh_reason.ts";

/** A connection failed. */
export class SshConnectError extends GuestError {
  override name = "SshConnectError";
  constructor(
    guest: string,
    readonly reason: SshReason,
    text: string,
    /** Whether another attempt may succeed. */
    readonly retryable: boolean,
    options: { readonly details?: readonly string[]; readonly next?: string } = {},
  ) {
    super(`Cannot connect to guest "${guest}": ${text}`, options);
  }
}

/** Lines of ssh that only repeat what the guest has sent as its reason to end the connection. */
const QUOTED = /^(?:Received disconnect|Disconnected) from /;

/**
 * Reads the reason out of ssh's own `words`. Of the guest's `banner` it believes only that the
 * guest is still booting, which leads to another try.
 */
export function explainSshOutput(guest: string, words: string, banner = ""): SshConnectError {
  const lines = words.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  const own = lines.filter((line) => !QUOTED.test(line)).join("\n");
  const found = SSH.find(({ patterns }) => patterns.some((pattern) => pattern.test(own)));
  const boots = found === undefined || found.ssh?.retryable === true
    ? SSH.find(({ ssh, patterns }) =>
      ssh?.reason === "booting" && patterns.some((pattern) => pattern.test(banner))
    )
    : undefined;
  const symptom = boots ?? found;
  const details = lines.slice(-2).map((line) => `ssh: ${line}`);
  if (symptom?.ssh === undefined) {
    return new SshConnectError(guest, "unknown", "ssh failed", true, { details });
  }
  const { reason, retryable } = symptom.ssh;
  // If waiting may help, no advice is given; the waiting caller reports it if that failed.
  const next = retryable ? undefined : fill(symptom.fix[0] ?? "", { guest }, wordText);
  return new SshConnectError(guest, reason, symptom.title, retryable, { details, next });
}
