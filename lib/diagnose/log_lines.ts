import { plainLine } from "../base/text/plain_text.ts";

/** A log as plain lines; the first has number 1. */
export interface Log {
  /** As the user named it, or its path relative to the user's current directory. */
  readonly name: string;
  readonly lines: readonly string[];
}

/** No more than this is read of one file: a sensible console is never that long. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Only the beginning of a line is matched. */
const MOST_CHARS = 4096;

/** GitHub Actions' prefix: job and step (`gh run view --log-failed`), and the time. */
const CI_PREFIX =
  /^(?:[^\t]*\t[^\t]*\t)?\uFEFF?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?(?:##\[\w+\])?/;

/** The prefix that a task adds to the lines of a console. */
const SHOWN_PREFIX = /^\s*\| /;

/** Text as plain lines, without escape sequences and the prefixes of a CI service. */
export function plainLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => plainLine(line.slice(0, MOST_CHARS).replace(CI_PREFIX, "")));
}

/** Whether a task printed this line as one of a guest's console. */
export function isShownConsole(line: string): boolean {
  return SHOWN_PREFIX.test(line);
}

/** The line itself, without a task's prefix. */
export function withoutShownPrefix(line: string): string {
  return line.replace(SHOWN_PREFIX, "").replace(/^ {2}(?=\S)/, "");
}

/** Reads a log; only the beginning of a huge one. */
export async function readLog(path: string, name: string): Promise<Log> {
  using file = await Deno.open(path, { read: true });
  return { name, lines: plainLines(await readText(file.readable)) };
}

/** Reads all text of a stream, up to {@link MOST_BYTES}. */
export async function readText(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of stream) {
    text += decoder.decode(part, { stream: true });
    bytes += part.length;
    if (bytes > MOST_BYTES) break;
  }
  return text + decoder.decode();
}
