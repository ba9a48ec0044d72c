import { EXIT, type ExitStatus, formatError, TaskError } from "../base/errors.ts";
import type { Failure } from "./failure.ts";
import { paint } from "../base/terminal/log.ts";
import { streamFault, writeStdout } from "../base/terminal/output.ts";
import { plainJson, plainText } from "../base/text/plain_text.ts";
import { writeStderr } from "../base/terminal/screen.ts";

interface ReportOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Collects what is printed about the end of a task. */
export class Report {
  readonly json: boolean;
  readonly #verbose: boolean;
  #result: { readonly value: unknown } | undefined;
  #failure: Failure | undefined;

  constructor({ json, verbose }: ReportOptions) {
    this.json = json;
    this.#verbose = verbose;
  }

  setResult(value: unknown): void {
    this.#result = { value };
  }

  /** Reports a failure to the user; returns the exit status. */
  fail(failure: Failure): ExitStatus {
    this.#failure = failure;
    const [first = "", ...more] = plainText(formatError(asTaskError(failure))).split("\n");
    writeStderr(`${[paint("red", first), ...more].join("\n")}\n`);
    // The document contains it anyway.
    if (streamFault("standard error") !== undefined && !this.json) writeStdout(`${first}\n`);
    if (failure.stack !== undefined && this.#verbose) {
      writeStderr(`${plainText(failure.stack)}\n`);
    }
    return failure.exit;
  }

  finish(status: number): void {
    if (this.json) writeStdout(renderDocument(this.#document(status)));
  }

  #document(status: number): unknown {
    const ok = status === EXIT.ok;
    if (this.#failure === undefined) {
      return this.#result === undefined ? { ok, exit: status } : this.#result.value;
    }
    const { message, details, next, exit } = this.#failure;
    return { ...this.#partialResult(), ok: false, error: { message, details, next, exit } };
  }

  /** The task's result before it failed, which is kept beside the error. */
  #partialResult(): object {
    const value = this.#result?.value;
    if (value === undefined) return {};
    return isPlainObject(value) ? value : { result: value };
  }
}

/** A value as one line of JSON, or as several on a terminal. */
export function renderDocument(value: unknown): string {
  return `${plainJson(JSON.stringify(value, null, Deno.stdout.isTerminal() ? 2 : undefined))}\n`;
}

function asTaskError({ exit, message, details, next }: Failure): TaskError {
  return new TaskError(exit, message, { details, next });
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
