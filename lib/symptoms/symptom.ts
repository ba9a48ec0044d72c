import type { SshReason } from "./ssh_reason.ts";

/** The serial console, QEMU, a task with its programs, or the host's log (`dmesg`, the journal). */
export type LogKind = "console" | "qemu" | "task" | "host";

/**
 * A `cause` explains others; a `consequence` follows from another, if any; a `hint` may be
 * harmless.
 */
export type Role = "cause" | "consequence" | "hint";

/**
 * One way in which a run fails, as seen in a log. Texts are templates: `{name}` is the text matched
 * by the pattern's group of that name, `{name|text}` has a default. A group `errno` also gives
 * `{error}`, its meaning; `exitcode`, a wait status in hexadecimal, gives `{ended}`. `{guest}`,
 * `{console}` and `{log}` are always defined.
 */
export interface Symptom {
  readonly id: string;
  /** Each is matched against single lines of plain text. */
  readonly patterns: readonly RegExp[];
  /** The line in the log, with `…` for parts that vary. For the documentation. */
  readonly says: string;
  readonly where: readonly LogKind[];
  /** Completes `Cannot start guest "x": …`, but is also shown alone. */
  readonly title: string;
  /** Sentences. */
  readonly cause: string;
  /** Commands, the most useful first. Matched values are quoted for a shell. */
  readonly fix: readonly string[];
  /** The next step that a task shows when it fails with this. Default: the first command. */
  readonly next?: string;
  /** Default: a cause. */
  readonly role?: Role;
  /** Whether the guest cannot finish booting after this. */
  readonly endsBoot: boolean;
  /** The symptom is ignored if a line of the run's logs matches this. */
  readonly without?: RegExp;
  /** For messages of ssh itself. */
  readonly ssh?: {
    readonly reason: SshReason;
    /** Whether waiting may help: the guest may not have got that far. */
    readonly retryable: boolean;
  };
}

/** A table of symptoms that have `common`, unless they say otherwise. */
export function symptoms(
  common: Pick<Symptom, "where" | "endsBoot" | "role">,
  own: readonly (Omit<Symptom, keyof typeof common> & Partial<typeof common>)[],
): readonly Symptom[] {
  return own.map((one) => ({ ...common, ...one }));
}

/** Builds the guest's image again. */
export const REBUILD = "deno task setup-images {guest} --force";
/** Shows everything that the guest has printed. */
export const READ_CONSOLE = "less -R {console}";
/** For tasks that have no better advice. */
export const DIAGNOSE = "deno task ci-diagnose {console}";
/** Makes the kernel and systemd print more. */
export const TALKATIVE = 'deno task build-vm {guest} --append "loglevel=7 systemd.show_status=yes"';
export const MORE_MEMORY = "deno task build-vm {guest} --memory 4096";
export const ONE_AT_A_TIME = "deno task build-all --jobs 1";
export const EMULATE = "deno task build-vm {guest} --accel tcg";
export const CHECK = "deno task check";
