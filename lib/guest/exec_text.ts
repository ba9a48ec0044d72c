import { BoundedText, TAIL_CHARS } from "../base/text/bounded_text.ts";
import { GuestError } from "../base/errors.ts";
import { plainLine } from "../base/text/plain_text.ts";
import type { ExecOptions, SshConnection } from "./ssh.ts";

interface ExecTextOptions extends Omit<ExecOptions, "onOutput" | "onBytes"> {
  /** The command is ended when it prints more than so many characters. Default 1 MiB. */
  readonly maxChars?: number;
  /** How its stdout is read. Default: as UTF-8. */
  readonly decode?: (piece: Uint8Array) => string;
}

interface ExecText {
  readonly code: number;
  readonly stdout: string;
  /** The last non-empty lines of both streams, as plain text. */
  lastLines(count: number): string[];
}

/** Runs a command and returns its limited output. Throws as {@link SshConnection.exec}. */
export async function execText(
  ssh: Pick<SshConnection, "name" | "exec">,
  argv: readonly string[],
  options: ExecTextOptions = {},
): Promise<ExecText> {
  const { maxChars = 1024 * 1024, signal, decode, ...rest } = options;
  const stdout = new BoundedText(maxChars);
  const both = new BoundedText(TAIL_CHARS);
  const tooMuch = new AbortController();
  const { code } = await ssh.exec(argv, {
    ...rest,
    signal: AbortSignal.any([tooMuch.signal, ...(signal === undefined ? [] : [signal])]),
    onBytes(piece, stream) {
      if (decode !== undefined && stream === "stdout") stdout.push(decode(piece));
    },
    onOutput(text, stream) {
      both.push(text);
      if (decode === undefined && stream === "stdout") stdout.push(text);
      if (!stdout.isCut) return;
      const what = `Cannot read what "${argv[0]}" prints in guest "${ssh.name}"`;
      tooMuch.abort(new GuestError(`${what}: it is more than ${maxChars / 2 ** 20} MiB`));
    },
  });
  const lines = () => both.text().split("\n").map(plainLine).filter((line) => line.trim() !== "");
  return { code, stdout: stdout.text(), lastLines: (count) => lines().slice(-count) };
}
