import { GuestError, type TaskErrorOptions } from "../../base/errors.ts";
import type { AgentFailure } from "./messages.ts";

/** Which guest an agent is in, for messages. */
export interface AgentGuest {
  readonly name: string;
  /** The log of the guest's console, which shows why a guest is silent. */
  readonly console?: string;
}

/** The agent could not do what was requested (exit status 4). The session continues. */
export class AgentError extends GuestError {
  override name = "AgentError";
  /** The name of an errno such as `ENOENT`, or a word such as `unknown-user`. */
  readonly code: string;

  constructor(code: string, message: string, options?: TaskErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The error for a request that the agent refused. `what` reads like `run "make"`. */
export function refusal(guest: AgentGuest, what: string, failure: AgentFailure): AgentError {
  const { code, message } = failure;
  return new AgentError(
    code,
    `Cannot ${what} in guest "${guest.name}": ${message} (${code})`,
    { next: "look the code up in docs/agent-protocol.md" },
  );
}

/** The error for an agent that cannot, or can no longer, be reached. */
export function lostAgent(
  guest: AgentGuest,
  what: string,
  reason: string,
  cause?: unknown,
): GuestError {
  return new GuestError(`Cannot ${what} in guest "${guest.name}": ${reason}`, {
    next: guest.console === undefined ? "deno task vm-list" : `less -R ${guest.console}`,
    cause,
  });
}
