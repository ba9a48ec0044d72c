import { delay } from "@std/async";
import { WorkError } from "../../base/errors.ts";

/** How a server is asked. */
export interface FetchOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** How many milliseconds a server may be silent. Default 30 000. */
  readonly stallMs?: number;
  /** Whose certificates count, and whatever else Deno knows of connections. Default: Deno's own. */
  readonly client?: Deno.HttpClient | undefined;
}

/** An answer whose body comes piece by piece. */
export interface ChunkedAnswer {
  readonly response: Response;
  /** The body, to be read once. Fails after `stallMs` of silence, or when the signal aborts. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** For how long pieces are taken without a look at what else has happened, such as a signal. */
const BUSY_MS = 20;

/** Asks a server that may be slow, silent or endless. Throws what `fetch` does, or on silence. */
export async function fetchChunks(url: string, options: FetchOptions): Promise<ChunkedAnswer> {
  const { headers = {}, signal, stallMs = 30_000, client } = options;
  signal.throwIfAborted();
  const end = new AbortController();
  const stall = () => end.abort(new Error(`the server is silent for ${stallMs / 1000} s`));
  let timer = setTimeout(stall, stallMs);
  const both = AbortSignal.any([signal, end.signal]);
  const response = await fetch(url, { headers, signal: both, client }).catch((error) => {
    clearTimeout(timer);
    throw both.aborted ? both.reason : error;
  });
  async function* chunks() {
    let busySince = performance.now();
    try {
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        yield chunk;
        // What is here already comes without waiting, so that timers and signals never got a turn.
        if (performance.now() - busySince > BUSY_MS) {
          await delay(0, { signal });
          busySince = performance.now();
        }
        signal.throwIfAborted();
        timer = setTimeout(stall, stallMs);
      }
    } catch (error) {
      throw both.aborted ? both.reason : error;
    } finally {
      clearTimeout(timer);
      // Of a body that is left in the middle nothing more is to come.
      end.abort();
    }
  }
  return { response, chunks: chunks() };
}

/** Why a connection failed: of two errors, the inner one knows. */
export function connectionFault(error: Error): string {
  const { message, cause } = error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}

/** The text of an answer of at most so many bytes. Throws {@link WorkError} for a longer one. */
export async function readText(
  { chunks, response }: ChunkedAnswer,
  maxBytes: number,
): Promise<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new WorkError(`Cannot read the answer of ${response.url}: it is too long`, {
        details: [`more than ${maxBytes} bytes`],
        next: "run the same command again later",
      });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
