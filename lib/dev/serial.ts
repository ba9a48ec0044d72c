/** Ctrl-], as telnet has it. */
const LEAVE = 0x1d;

/** What {@link attachConsole} takes. */
export interface AttachOptions {
  /** The socket of the guest's serial console. */
  readonly path: string;
  /** Settles when the guest has ended. */
  readonly exited: Promise<unknown>;
  readonly signal: AbortSignal;
}

/**
 * Puts the guest's serial console on this terminal until the guest ends, Ctrl-] is typed, or the
 * signal aborts. Everything else that is typed, Ctrl-C too, is the guest's.
 */
export async function attachConsole(options: AttachOptions): Promise<"ended" | "left"> {
  const { path, exited, signal } = options;
  using conn = await Deno.connect({ transport: "unix", path });
  const raw = Deno.stdin.isTerminal();
  if (raw) Deno.stdin.setRaw(true);
  try {
    const left = Promise.withResolvers<"left">();
    signal.addEventListener("abort", () => left.resolve("left"), { once: true });
    if (signal.aborted) left.resolve("left");
    if (raw) void type(conn).then(() => left.resolve("left"), () => {});
    const shown = conn.readable.pipeTo(Deno.stdout.writable, { preventClose: true });
    const ended = Promise.race([exited, shown.catch(() => {})]).then(() => "ended" as const);
    return await Promise.race([ended, left.promise]);
  } finally {
    if (raw) Deno.stdin.setRaw(false);
  }
}

/** Hands what is typed to the guest. Resolves at Ctrl-]. */
async function type(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(1024);
  while (true) {
    const length = await Deno.stdin.read(buffer);
    if (length === null) return;
    const typed = buffer.subarray(0, length);
    const end = typed.indexOf(LEAVE);
    await conn.write(end < 0 ? typed : typed.subarray(0, end));
    if (end >= 0) return;
  }
}
