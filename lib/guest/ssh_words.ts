import { readLogTail } from "../base/files/log_tail.ts";
import type { OwnedProcess } from "../base/process/process.ts";
import { BoundedText } from "../base/text/bounded_text.ts";

/** How much is kept of what one side says, in characters. */
const KEPT_CHARS = 4096;

/** The end of a text that arrives in pieces of bytes. */
export class Tail {
  readonly #text = new BoundedText(KEPT_CHARS);
  readonly #decoder = new TextDecoder();

  push(piece: Uint8Array): void {
    this.#text.push(this.#decoder.decode(piece, { stream: true }));
  }

  text(): string {
    return this.#text.text();
  }

  /** The last lines that say anything. */
  lines(count: number): string[] {
    return this.text().split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "")
      .slice(-count);
  }
}

/** What was said on a connection, told apart by who has said it. */
export interface Words {
  /** The last lines of ssh itself: of all that it has said once it has ended, or until now. */
  ssh(lines: number, when?: "now"): Promise<readonly string[]>;
  /** The end of what the guest has sent before the login, where it is kept. */
  banner(): Promise<string>;
}

/** Of a master whose own words come on stdout, and the guest's on stderr. */
export function pipedWords(master: OwnedProcess): Words {
  const [own, banner] = [collectTail(master.stdout), collectTail(master.stderr)];
  return {
    async ssh(lines, when) {
      if (when !== "now") await own.done;
      return own.lines(lines);
    },
    async banner() {
      await banner.done;
      return banner.text();
    },
  };
}

/** Of a master whose own words are in a log from a byte on; the guest's are not kept. */
export const loggedWords = (log: string, fromByte: number): Words => ({
  ssh: (lines) => readLogTail(log, { lines, fromByte }).catch(() => []),
  banner: () => Promise.resolve(""),
});

/** A stream's end so far; `done` once there is no more of it. */
function collectTail(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Tail & { readonly done: Promise<void> } {
  const tail = new Tail();
  const done = (async () => {
    for await (const piece of stream) tail.push(piece);
  })().catch(() => {});
  return Object.assign(tail, { done });
}
