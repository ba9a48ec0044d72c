import type { AgentGuest } from "./agent_errors.ts";
import type { Sink } from "./channel.ts";

export interface AgentConnectOptions extends AgentGuest {
  readonly signal?: AbortSignal;
  /** How long the agent may take to answer, its guest's boot included. */
  readonly timeoutMs: number;
}

/** How a short request waits. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** Default 30 000. */
  readonly timeoutMs?: number;
}

export interface ExecOptions {
  /** The program and its arguments. No shell reads them. */
  readonly argv: readonly string[];
  /** Added to what a login of the user would set. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the user's home. */
  readonly cwd?: string;
  /** A user's name or number. Default: the agent's own, root. */
  readonly user?: string;
  /** Default: none, and the command reads an end of file. */
  readonly stdin?: Uint8Array | ReadableStream<Uint8Array>;
  /** After this the agent ends the command: TERM, then KILL two seconds later. Default: never. */
  readonly timeoutMs?: number;
  /** The agent is lost when it is silent for this long after `timeoutMs`. Default 30 000. */
  readonly overtimeMs?: number;
  /** Takes output. The command waits while the promise that it returns is pending. */
  readonly onStdout?: Sink;
  readonly onStderr?: Sink;
  /** Aborting kills the command in the guest. */
  readonly signal?: AbortSignal;
  /** Gets the means to send signals, as a terminal's Ctrl-C, once the request is sent. */
  readonly onStart?: (command: StartedCommand) => void;
}

export interface StartedCommand {
  /** Sends a signal, by number, to the command's process group. Nothing happens when it is over. */
  kill(signal: number): Promise<void>;
}

export interface ReadFileOptions {
  readonly offset?: number;
  /** At most so many bytes. Default: to the end. */
  readonly length?: number;
  readonly signal?: AbortSignal;
}

export interface WriteFileOptions {
  /** Permission bits. Default: those of the file that is replaced, else 0o644. */
  readonly mode?: number;
  /** Adds to the file in place. Default: written beside it and renamed when complete. */
  readonly append?: boolean;
  /** Makes the directories above it. */
  readonly parents?: boolean;
  readonly signal?: AbortSignal;
}

/** The new time of the guest's clock. */
export interface ClockSetting {
  /** Since 1970, UTC. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** 64 random bytes, which make the guest's random numbers its own. */
  readonly entropy: Uint8Array;
}
