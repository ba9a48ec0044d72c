import { plainLine } from "../base/text/plain_text.ts";

/** A log as plain lines; the first has number 1. */
export interface Log {
  /** As the user named it, or as it is found from where the user called. */
  readonly name: string;
  readonly lines: readonly string[];
}

/** More than this of one file is not read: no console is that long for a good reason. */
export const MOST_BYTES = 64 * 1024 * 1024;
/** A line is judged by its beginning. */
const MOST_CHARS = 4096;

/**
 * What GitHub Actions puts before each line: job and step (`gh run view --log-failed`), and the
 * time. QEMU's own messages begin with a time as well.
 */
const CI_PREFIX =
  /^(?:[^\t]*\t[^\t]*\t)?\uFEFF?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?(?:##\[\w+\])?/;

/** What a task puts before the lines of a console that it shows. */
const SHOWN_PREFIX = /^\s*\| /;

/** Text as plain lines, without escape sequences and without what a CI service puts before each. */
export function plainLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => plainLine(line.slice(0, MOST_CHARS).replace(CI_PREFIX, "")));
}

/** Whether a task shows this line as one of a guest's console. */
export function isShownConsole(line: string): boolean {
  return SHOWN_PREFIX.test(line);
}

/** The line itself, without what a task puts before it. */
export function withoutShownPrefix(line: string): string {
  return line.replace(SHOWN_PREFIX, "").replace(/^ {2}(?=\S)/, "");
}

/** Reads a log; of a huge one, its beginning. */
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
