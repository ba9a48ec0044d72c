import { connectWhenThere } from "./connection.ts";
import { type AgentGuest, lostAgent } from "./agent_errors.ts";

/** Something that the agent says unasked, such as `ready` or `oom`. */
interface AgentEvent {
  readonly event: string;
  /** Counts up by one; a gap means that events were lost while nobody listened. */
  readonly seq: number;
  /** Milliseconds since the guest booted. */
  readonly uptimeMs: number;
  /** What the event carries besides, by its name; `kills` of an `oom`. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The longest line that is kept; the agent's take some 100 bytes. */
const MAX_LINE = 4096;

/** The events of an agent, over the socket of the port `guesthouse.events`. */
export class AgentEvents implements Disposable, AsyncIterable<AgentEvent> {
  readonly #conn: Deno.Conn;
  readonly #guest: AgentGuest;
  #closed = false;

  private constructor(conn: Deno.Conn, guest: AgentGuest) {
    this.#conn = conn;
    this.#guest = guest;
  }

  /** Connects, as soon as the socket is there. Rejects with the reason of the signal. */
  static async connect(
    path: string,
    options: AgentGuest & { readonly signal: AbortSignal },
  ): Promise<AgentEvents> {
    return new AgentEvents(await connectWhenThere(path, options.signal), options);
  }

  /**
   * Every event from now on. Ends when this side closes; throws `GuestError` when the other does.
   * Lines that are no event, as the rest of one that an earlier host did not read, are skipped.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<AgentEvent, void, void> {
    const buffer = new Uint8Array(4096);
    const decoder = new TextDecoder();
    let text = "";
    while (true) {
      const length = await this.#conn.read(buffer).catch(() => null);
      if (this.#closed) return;
      if (length === null) {
        throw lostAgent(this.#guest, "wait for events", "the agent's guest ended");
      }
      text += decoder.decode(buffer.subarray(0, length), { stream: true });
      const lines = text.split("\n");
      text = (lines.pop() ?? "").slice(-MAX_LINE);
      for (const line of lines) {
        const event = parseEvent(line);
        if (event !== undefined) yield event;
      }
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#conn.close();
    } catch {
      // Closed by the runtime together with its last read.
    }
  }
}

/** Reads one line; `undefined` for what is no event. */
export function parseEvent(line: string): AgentEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { event, seq, uptimeMs, ...fields } = value as Record<string, unknown>;
  if (typeof event !== "string" || typeof seq !== "number" || typeof uptimeMs !== "number") {
    return undefined;
  }
  return { event, seq, uptimeMs, fields };
}
