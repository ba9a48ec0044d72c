import { GuestError } from "../base/errors.ts";
import { closeAnyway } from "../base/files/conn.ts";
import { writeAll } from "../base/files/write_all.ts";
import { firstOf } from "../base/time/wait.ts";

interface AskOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** The line protocol with `guesthouse-resume` over a virtio port: see `provision/resume.pl`. */
export class GuestPort implements Disposable {
  readonly #name: string;
  readonly #connection: Deno.Conn;
  readonly #lines: AsyncIterator<string>;

  private constructor(name: string, connection: Deno.Conn) {
    this.#name = name;
    this.#connection = connection;
    this.#lines = linesOf(connection);
  }

  /** Connects to the socket that QEMU listens on. `name` is the guest's, for messages. */
  static async connect(path: string, name: string): Promise<GuestPort> {
    return new GuestPort(name, await Deno.connect({ transport: "unix", path }));
  }

  /** Sends a request; throws {@link GuestError} unless the answer begins with `wanted`. */
  async ask(request: string, wanted: string, options: AskOptions): Promise<void> {
    const { timeoutMs, signal } = options;
    const asked = this.#exchange(request, wanted);
    const outcome = await firstOf(asked.catch(() => {}), timeoutMs, signal);
    if (outcome === "aborted") throw signal?.reason;
    if (outcome === "ended") return await asked;
    throw this.#fault(request, `no answer within ${timeoutMs / 1000} s`);
  }

  async #exchange(request: string, wanted: string): Promise<void> {
    await writeAll(this.#connection, new TextEncoder().encode(`${request}\n`));
    while (true) {
      const { value, done } = await this.#lines.next();
      if (done) throw this.#fault(request, "the port was closed");
      if (value.startsWith(wanted)) return;
      if (value.startsWith("error")) throw this.#fault(request, value);
    }
  }

  #fault(request: string, why: string): GuestError {
    const [word] = request.split(" ");
    return new GuestError(`Cannot ask guest "${this.#name}" to ${word}: ${why}`);
  }

  [Symbol.dispose](): void {
    closeAnyway(this.#connection);
  }
}

async function* linesOf(connection: Deno.Conn): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  while (true) {
    const length = await connection.read(buffer).catch(() => null);
    if (length === null) return;
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
    const lines = text.split("\n");
    // Nothing that the guest has to say is long; whatever it sends, we do not keep it.
    text = (lines.pop() ?? "").slice(-4096);
    yield* lines;
  }
}
