/** Ctrl-], as telnet has it. */
const LEAVE = 0x1d;

/** About a screenful. */
const SHOWN_BYTES = 2000;

/** What {@link attachConsole} takes. */
export interface AttachOptions {
  /** The socket of the guest's serial console. */
  readonly path: string;
  /** The console's log, whose end is shown first: the socket only has what comes from now on. */
  readonly log: string;
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
  await Deno.stdout.write((await Deno.readFile(options.log)).slice(-SHOWN_BYTES));
  using conn = await Deno.connect({ transport: "unix", path });
  const left = Promise.withResolvers<"left">();
  const leave = () => left.resolve("left");
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  using _typing = Deno.stdin.isTerminal() ? await typeInto(conn, leave) : undefined;
  const shown = conn.readable.pipeTo(Deno.stdout.writable, { preventClose: true });
  const ended = Promise.race([exited, shown.catch(() => {})]).then(() => "ended" as const);
  return await Promise.race([ended, left.promise]);
}

/** Hands each key to the guest until it is disposed, or Ctrl-] is typed. */
async function typeInto(conn: Deno.Conn, onLeave: () => void): Promise<Disposable> {
  // Deno's own stdin has no way to give a read up, and one that is pending keeps the task alive.
  const { stdin } = await import("node:process");
  let writing: Promise<unknown> = Promise.resolve();
  const take = (typed: Uint8Array) => {
    const end = typed.indexOf(LEAVE);
    const keys = Uint8Array.from(end < 0 ? typed : typed.subarray(0, end));
    // One after the other; a console that is gone takes no more.
    writing = writing.then(() => conn.write(keys)).catch(() => {});
    if (end >= 0) onLeave();
  };
  stdin.setRawMode(true);
  stdin.on("data", take);
  return {
    [Symbol.dispose]() {
      stdin.off("data", take);
      stdin.setRawMode(false);
      stdin.destroy();
    },
  };
}
