import type { SshReason } from "./ssh_reason.ts";

/**
 * Where a line comes from: the guest's serial console; QEMU itself; a task with what it ran; or
 * the host's own log (`dmesg`, the journal).
 */
export type LogKind = "console" | "qemu" | "task" | "host";

/**
 * What a symptom is to other symptoms of the same run. A `cause` explains the rest; a
 * `consequence` follows from something else where that has left a trace; a `hint` may well be
 * harmless.
 */
export type Role = "cause" | "consequence" | "hint";

/**
 * One way in which a run fails, as a log tells it. Texts are templates: `{name}` is what the
 * pattern's group of that name has caught, `{name|text}` has a text to fall back on. A group
 * `errno` also gives `{error}`, its meaning; `exitcode`, a wait status in hexadecimal, gives
 * `{ended}`. `{guest}`, `{console}` and `{log}` are always there.
 */
export interface Symptom {
  readonly id: string;
  /** Each is tried on single lines of plain text. */
  readonly patterns: readonly RegExp[];
  /** What a reader finds in the log, with `…` for what differs. For the documentation. */
  readonly says: string;
  readonly where: readonly LogKind[];
  /** Completes `Cannot start guest "x": …`, and stands alone as well. */
  readonly title: string;
  /** Sentences. */
  readonly cause: string;
  /** Commands, the most useful first. Caught values are quoted for a shell. */
  readonly fix: readonly string[];
  /** What a task that fails of it names as the next step. Default: the first command. */
  readonly next?: string;
  /** Default: a cause. */
  readonly role?: Role;
  /** Whether the guest will not come up after this. */
  readonly endsBoot: boolean;
  /** The symptom does not count where a line of the run's logs matches this. */
  readonly without?: RegExp;
  /** For what ssh itself says. */
  readonly ssh?: {
    readonly reason: SshReason;
    /** Whether waiting may help: the guest may not be that far yet. */
    readonly retryable: boolean;
  };
}

/** Builds the guest's image anew. */
export const REBUILD = "deno task setup-images {guest} --force";
/** Shows all that the guest has said. */
export const READ_CONSOLE = "less -R {console}";
/** For tasks that know nothing better. */
export const DIAGNOSE = "deno task ci-diagnose {console}";
/** Makes the kernel and systemd say more. */
export const TALKATIVE = 'deno task build-vm {guest} --append "loglevel=7 systemd.show_status=yes"';
export const MORE_MEMORY = "deno task build-vm {guest} --memory 4096";
export const ONE_AT_A_TIME = "deno task build-all --jobs 1";
export const EMULATE = "deno task build-vm {guest} --accel tcg";
export const CHECK = "deno task check";
