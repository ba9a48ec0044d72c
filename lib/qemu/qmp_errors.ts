import { GuestError } from "../base/errors.ts";

/** QEMU answered a command with an error. */
export class QmpCommandError extends GuestError {
  override name = "QmpCommandError";
  constructor(
    readonly command: string,
    /** QEMU's error class, nearly always `GenericError`. */
    readonly errorClass: string,
    /** QEMU's own text. */
    readonly description: string,
    guest: string,
  ) {
    super(`Cannot run QMP command "${command}" on "${guest}": ${description}`, {
      details: [`QMP error class: ${errorClass}`],
    });
  }
}

/** QEMU did not answer in time. A late answer is dropped. */
export class QmpTimeoutError extends GuestError {
  override name = "QmpTimeoutError";
  constructor(what: string, guest: string, readonly timeoutMs: number) {
    super(`Cannot ${what} on "${guest}": no answer from QEMU within ${timeoutMs} ms`);
  }
}

/** The connection ended, or the peer does not speak QMP; everything pending fails with this. */
export class QmpConnectionError extends GuestError {
  override name = "QmpConnectionError";
  constructor(
    what: string,
    guest: string,
    /** What happened to the connection: `QEMU closed the connection`. */
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`Cannot ${what} on "${guest}": ${reason}`, { cause });
  }
}
