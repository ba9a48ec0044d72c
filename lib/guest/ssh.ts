import { delay } from "@std/async";
import { dirname } from "@std/path";
import { GuestError, WorkError } from "../base/errors.ts";
import { type OwnedProcess, spawnOwned } from "../base/process/process.ts";
import { checkSocketPath, ensurePrivateDir } from "../base/files/private_dir.ts";
import { firstOf, settlesWithin } from "../base/time/wait.ts";
import { choosePort, forwardArgs } from "./proxy/forward.ts";
import { remoteCommand, remoteKillText, type RemotePlace, ReportFilter } from "./remote_command.ts";
import { DIRECT_HOST, SHARED_HOST, sshConfigText, type SshTarget } from "./ssh_config.ts";
import { explainSshOutput, SshConnectError } from "./ssh_failure.ts";
import { startClient } from "./ssh_client.ts";
import { loggedWords, pipedWords, Tail, type Words } from "./ssh_words.ts";
import { exists, fileBytes, removeAll } from "../base/files/directories.ts";

interface ConnectOptions extends SshTarget {
  readonly name: string;
  /** Socket of the shared connection, in a private directory; `PATH.conf` is written beside it. */
  readonly controlPath: string;
  /** A Unix socket of this host that a port of the guest's loopback leads to. Default: none. */
  readonly proxySocket?: string | undefined;
  /** How long the connection may take to come up. Default 20 000. */
  readonly deadlineMs?: number;
  /** How long the guest may be silent then, in seconds. Default 50. */
  readonly silentSeconds?: number;
  /** A file to which ssh's own words are appended; only then the connection can be released. */
  readonly log?: string;
  readonly signal?: AbortSignal;
}

export interface ExecOptions extends RemotePlace {
  /** Called with each piece of output as it arrives, as text. */
  readonly onOutput?: (text: string, stream: "stdout" | "stderr") => void;
  /** The same as bytes. */
  readonly onBytes?: (piece: Uint8Array<ArrayBuffer>, stream: "stdout" | "stderr") => void;
  /** Default: empty. */
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  /** After this the command is ended and a {@link CommandTimeoutError} thrown. */
  readonly timeoutMs?: number;
  /** Ends the command when aborted; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Whether a given-up command is also ended in the guest. Default `true`. */
  readonly endInGuest?: boolean;
  /** Whether what it leaves running may write on to its output, unread, until the connection ends. */
  readonly leaves?: boolean;
}

interface ExecResult {
  /** Its exit status, or 128 + the number of the signal that ended it. */
  readonly code: number;
}

/** A command in the guest exceeded its time limit. */
class CommandTimeoutError extends WorkError {
  override name = "CommandTimeoutError";
  constructor(guest: string, readonly argv: readonly string[], readonly timeoutMs: number) {
    super(`Cannot finish "${argv[0]}" in guest "${guest}": no end within ${timeoutMs / 1000} s`, {
      next: "raise the timeouts in guesthouse.json",
    });
  }
}

/** One SSH connection to a guest that every command shares. Disposal closes it. */
export interface SshConnection extends AsyncDisposable {
  readonly name: string;
  /** The configuration file: `ssh -F FILE shared` goes through this connection. */
  readonly configPath: string;
  /** The port of the guest's loopback that leads to `proxySocket`, if there is one. */
  readonly proxyPort?: number | undefined;
  /** Resolves, never rejects, when the connection is over, with ssh's last words. */
  readonly closed: Promise<string>;
  /**
   * Runs a command and streams its output; any status is a result. Throws {@link GuestError} when
   * the connection is lost, {@link CommandTimeoutError}, or the reason of the signal.
   */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Closes the connection and removes its files. May be repeated. */
  close(): Promise<void>;
  /** Lets the connection, which must have a log, outlive this task: disposal then leaves it. */
  release(): Promise<void>;
}

/** What OpenSSH appends to the control path while it binds the socket (`mux.c`, 9.2). */
const CONTROL_SUFFIX_BYTES = 17;
/** How often to look for the control socket: ssh creates it once it is logged in. */
const POLL_MS = 10;
/** How long ssh may take to notice that the shared connection is gone, once it is. */
const NOTICE_MS = 1000;
/** How long output may still arrive after a command's end, from processes in the background. */
const LINGER_MS = 2000;
/** How long a given-up command is waited for in the guest. */
const REMOTE_KILL_MS = 4000;
/** How many of ssh's last lines are searched for the reason of a failure. */
const SHOWN_LINES = 20;
/** Error texts must not depend on the user's language. */
const ENV = { LC_ALL: "C" };

/** Logs in to a guest once. Throws {@link SshConnectError}, or the reason of the signal. */
export async function connectSsh(options: ConnectOptions): Promise<SshConnection> {
  const { name, controlPath, deadlineMs = 20_000, silentSeconds, signal } = options;
  const configPath = `${controlPath}.conf`;
  signal?.throwIfAborted();
  checkSocketPath(controlPath, CONTROL_SUFFIX_BYTES);
  await ensurePrivateDir(dirname(controlPath));
  const connectSeconds = Math.max(1, Math.ceil(deadlineMs / 1000));
  const config = sshConfigText(options, { controlPath, connectSeconds, silentSeconds });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => removeAll(configPath));
  cleanup.defer(() => removeAll(controlPath));
  await removeAll(controlPath);
  await Deno.writeTextFile(configPath, config, { mode: 0o600 });
  const command = ["ssh", "-F", configPath, "-M", "-S", tokenFree(controlPath), "-N", "-T"];
  const { log, proxySocket } = options;
  const proxyPort = proxySocket === undefined ? undefined : choosePort();
  if (proxySocket !== undefined && proxyPort !== undefined) {
    command.push(...forwardArgs(proxyPort, proxySocket));
  }
  // Not to stderr, so that what the guest sends there (its banner) cannot pass for ssh's own words.
  const fromByte = log === undefined ? 0 : await fileBytes(log);
  const streams = log === undefined ? { stdout: "piped", stderr: "piped" } as const : {};
  const master = cleanup.use(
    spawnOwned([...command, "-E", log ?? "/dev/stdout", "-o", "LogLevel=INFO", DIRECT_HOST], {
      ...{ env: ENV, ...streams },
    }),
  );
  const words = log === undefined ? pipedWords(master) : loggedWords(log, fromByte);
  // ssh's own deadline shows where it got stuck, but does not cover the login itself.
  const hardDeadlineMs = (connectSeconds + 1) * 1000;
  await waitForSocket(options, hardDeadlineMs, master, words);
  return { ...toConnection(name, configPath, master, words, cleanup.move()), proxyPort };
}

/**
 * Commands over another owner's connection, which stays open. `configPath` is its configuration.
 */
export function joinSsh(name: string, configPath: string): SshConnection {
  // Nobody here sees the end of the connection; a command notices on its own.
  const closed = new Promise<string>(() => {});
  return {
    name,
    configPath,
    closed,
    exec: (argv, options = {}) => exec({ name, configPath, closed }, argv, options),
    close: () => Promise.resolve(),
    release: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function waitForSocket(
  { name, controlPath, signal }: ConnectOptions,
  deadlineMs: number,
  master: OwnedProcess,
  words: Words,
): Promise<void> {
  let ended = false;
  master.status.then(() => ended = true);
  const deadline = performance.now() + deadlineMs;
  while (!await exists(controlPath)) {
    if (ended) {
      const own = (await words.ssh(SHOWN_LINES)).join("\n");
      throw explainSshOutput(name, own, await words.banner());
    }
    if (performance.now() > deadline) {
      throw new SshConnectError(name, "timeout", `no login within ${deadlineMs / 1000} s`, true, {
        details: (await words.ssh(4, "now")).map((line) => `ssh: ${line}`),
      });
    }
    await delay(POLL_MS, { signal });
  }
}

function toConnection(
  name: string,
  configPath: string,
  master: OwnedProcess,
  words: Words,
  resources: AsyncDisposableStack,
): SshConnection {
  const closed = master.status.then(async () => {
    return (await words.ssh(1))[0] ?? "ssh ended";
  });
  let released = false;
  const close = async () => {
    if (!released) await resources.disposeAsync();
  };
  return {
    name,
    configPath,
    closed,
    exec: (argv, options = {}) => exec({ name, configPath, closed }, argv, options),
    close,
    async release() {
      await master.release();
      released = true;
    },
    [Symbol.asyncDispose]: close,
  };
}

type Shared = Pick<SshConnection, "name" | "configPath" | "closed">;

async function exec(
  shared: Shared,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const { timeoutMs, signal, endInGuest = true } = options;
  signal?.throwIfAborted();
  const { text, nonce } = remoteCommand(argv, options);
  const filter = new ReportFilter(nonce);
  const lastWords = new Tail();
  const reported = Promise.withResolvers<void>();
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const handOn = (piece: Uint8Array<ArrayBuffer>, stream: "stdout" | "stderr") => {
    options.onBytes?.(piece, stream);
    options.onOutput?.(decoders[stream].decode(piece, { stream: true }), stream);
  };
  await using client = startClient([...clientCommand(shared.configPath), SHARED_HOST, text], {
    env: ENV,
    stdin: options.stdin,
    onStdout: (piece) => handOn(piece, "stdout"),
    onStderr: (piece) => {
      const shown = piece === undefined ? filter.flush() : filter.push(piece);
      if (filter.reports.exit !== undefined) reported.resolve();
      if (shown.length === 0) return;
      lastWords.push(shown);
      handOn(shown, "stderr");
    },
  });
  const lingering = reported.promise.then(() => settlesWithin(client.ended, LINGER_MS));
  const outcome = await firstOf(Promise.race([client.ended, lingering]), timeoutMs, signal);
  if (client.fault !== undefined) throw client.fault.error;
  const { pid, exit, noDir } = filter.reports;
  if (exit !== undefined) {
    if (outcome === "ended" && options.leaves === true) client.leave();
    return { code: exit };
  }
  if (outcome !== "ended") {
    if (endInGuest && pid !== undefined) await killInGuest(shared, pid);
    if (outcome === "aborted") throw signal?.reason;
    throw new CommandTimeoutError(shared.name, argv, timeoutMs ?? 0);
  }
  if (noDir) {
    throw new GuestError(
      `Cannot run "${argv[0]}" in guest "${shared.name}": it has no directory "${options.cwd}"`,
    );
  }
  throw await lostCommand(shared, argv, lastWords);
}

/** Best effort: a guest that no longer answers has other problems. */
async function killInGuest(shared: Shared, pid: number): Promise<void> {
  const command = [...clientCommand(shared.configPath), SHARED_HOST, remoteKillText(pid)];
  await using killing = startClient(command, { env: ENV });
  await settlesWithin(killing.ended, REMOTE_KILL_MS);
}

/** Why a command ended without a status: the connection, or what ran it in the guest. */
async function lostCommand(
  shared: Shared,
  argv: readonly string[],
  lastWords: Tail,
): Promise<GuestError> {
  const what = `Cannot finish "${argv[0]}" in guest "${shared.name}"`;
  if (await settlesWithin(shared.closed, NOTICE_MS) === "settled") {
    return new GuestError(`${what}: lost connection`, {
      details: [`ssh: ${await shared.closed}`],
    });
  }
  return new GuestError(`${what}: its shell ended without a status`, {
    details: [
      ...lastWords.lines(4),
      "the guest may have refused another session, or killed it (out of memory, shutdown)",
    ],
  });
}

function clientCommand(configPath: string): string[] {
  return ["ssh", "-F", configPath, "-T", "-o", "LogLevel=ERROR"];
}

/** `-S` takes a control path in which ssh expands `%h` and the like. */
function tokenFree(path: string): string {
  return path.replaceAll("%", "%%");
}
