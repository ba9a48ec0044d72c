import { delay } from "@std/async";
import { fileBytes } from "../base/files/directories.ts";
import { writeAll } from "../base/files/write_all.ts";

/** Ctrl-], as in telnet. */
const LEAVE = 0x1d;

/** About a screenful. */
const SHOWN_BYTES = 2000;

/** The most of a log that is shown at once. */
const MOST_BYTES = 1024 * 1024;

interface AttachOptions {
  /** The socket of the guest's serial console. */
  readonly path: string;
  /** The console's log, whose end is shown first: the socket only has output from now on. */
  readonly log: string;
  /** Where in the log to begin. Default: about a screenful before its end. */
  readonly fromByte: number | undefined;
  /** Settles when the guest has ended. */
  readonly exited: Promise<unknown>;
  readonly signal: AbortSignal;
}

/** Puts the serial console on this terminal until the guest ends, Ctrl-] is typed, or an abort. */
export async function attachConsole(options: AttachOptions): Promise<"ended" | "left"> {
  const { path, exited, signal, log, fromByte } = options;
  // In this order, so that nothing is missed; a few characters may appear twice.
  using conn = await Deno.connect({ transport: "unix", path });
  const shownBytes = fromByte === undefined ? SHOWN_BYTES : MOST_BYTES;
  await showFrom(log, Math.max(fromByte ?? 0, await fileBytes(log) - shownBytes));
  const left = Promise.withResolvers<"left">();
  const leave = () => left.resolve("left");
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  using _typing = Deno.stdin.isTerminal() ? await typeInto(conn, leave) : undefined;
  const shown = conn.readable.pipeTo(Deno.stdout.writable, { preventClose: true });
  const ended = Promise.race([exited, shown.catch(() => {})]).then(() => "ended" as const);
  return await Promise.race([ended, left.promise]);
}

/** Shows a log from a byte on, a piece at a time. Returns how far it was shown. */
async function showFrom(log: string, fromByte: number): Promise<number> {
  using file = await Deno.open(log, { read: true });
  let at = await file.seek(Math.max(0, fromByte), Deno.SeekMode.Start);
  const piece = new Uint8Array(64 * 1024);
  // Up to its current end: a guest that floods its console must not block the task.
  const { size } = await file.stat();
  while (at < size) {
    const length = await file.read(piece);
    if (length === null) break;
    await writeAll(Deno.stdout, piece.subarray(0, length));
    at += length;
  }
  return at;
}

/** Passes each key to the guest until it is disposed, or Ctrl-] is typed. */
async function typeInto(conn: Deno.Conn, onLeave: () => void): Promise<Disposable> {
  // A pending read of Deno's own stdin cannot be cancelled, and keeps the task alive.
  const { stdin } = await import("node:process");
  let writing: Promise<unknown> = Promise.resolve();
  const take = (typed: Uint8Array) => {
    const end = typed.indexOf(LEAVE);
    const keys = Uint8Array.from(end < 0 ? typed : typed.subarray(0, end));
    // One after the other; a closed console takes no more.
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

/** Shows the console's log of a starting guest. */
interface ConsoleFollower extends AsyncDisposable {
  start(): void;
  /** Stops. Returns how far the log was shown, if it was started. */
  stop(): Promise<number | undefined>;
}

/** How often to read the log. */
const FOLLOW_MS = 100;

/** Follows a log that a start truncates. */
export function followConsole(log: string): ConsoleFollower {
  let follows = true;
  let following: Promise<number> | undefined;
  const follow = async () => {
    let at = await fileBytes(log);
    while (follows) {
      await delay(FOLLOW_MS);
      const size = await fileBytes(log);
      if (size < at) at = 0;
      if (size === at) continue;
      at = await showFrom(log, Math.max(at, size - MOST_BYTES));
    }
    return at;
  };
  const stop = async () => {
    follows = false;
    return await following;
  };
  return {
    start() {
      following ??= follow();
      // Reported where it is awaited.
      following.catch(() => {});
    },
    stop,
    [Symbol.asyncDispose]: async () => void await stop().catch(() => {}),
  };
}
