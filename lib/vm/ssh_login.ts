import { TaskError } from "../base/errors.ts";
import { proxySocket, sshTarget } from "../guest/connect_guest.ts";
import { hostTime } from "../guest/host_time.ts";
import { GuestPort } from "../guest/port.ts";
import { waitForReady } from "../guest/readiness.ts";
import { connectSsh, type SshConnection } from "../guest/ssh.ts";
import type { Keys } from "../host/keys.ts";
import type { LoginPlan, SnapshotPlan } from "./plan.ts";
import type { LaunchedGuest } from "./launch_guest.ts";

/** A guest that is reached over SSH. */
export interface SshSession extends AsyncDisposable {
  readonly ssh: SshConnection;
  /** To the resume service, which only guests from a snapshot have. */
  readonly port: GuestPort | undefined;
}

/** The name of the socket of the resume service's port. */
export const PORT_SOCKET = "port";

/** How long a guest that listens may take to accept a login, under TCG. */
const LOGIN_MS = 40_000;
/** How long a guest may take to get ready for being saved. */
const REST_MS = 60_000;

/** What every build begins with. Compilers gain nothing: their files are read quickly enough. */
const WARM_UP = "! command -v rsync || rsync --version";

/** Login over SSH; the resume service brings the guest to rest and corrects it. */
export function sshLogin(
  { keys, user, bootMs, startResume, proxied }: {
    readonly keys: Keys;
    readonly user: string;
    /** From launch to login. */
    readonly bootMs: number;
    /** Starts the resume service. */
    readonly startResume: readonly string[];
    /** Whether the connection is given a port that leads to the proxy's socket. */
    readonly proxied: boolean;
  },
):
  & Pick<LoginPlan<SshSession>, "logIn">
  & Pick<SnapshotPlan<SshSession>, "rest" | "resume"> {
  const connect = async (
    { guest, place, signal, socket }: LaunchedGuest,
    how: { readonly deadlineMs: number; readonly announced?: boolean },
  ) => {
    const target = await sshTarget(place, keys, guest.sshPort ?? 0, user);
    return await waitForReady(guest, {
      ...{ ...how, signal },
      connect: (attempt) =>
        connectSsh({
          ...{ ...target, ...attempt, name: guest.name, controlPath: socket("ssh") },
          proxySocket: proxied ? proxySocket(place) : undefined,
        }),
    });
  };
  const again = { deadlineMs: LOGIN_MS, announced: true };
  return {
    logIn: async (launched) => toSession(await connect(launched, { deadlineMs: bootMs })),
    async rest(launched, { ssh }) {
      const { signal } = launched;
      await runOnce(ssh, startResume, signal);
      using port = await connectPort(launched);
      await port.ask("quiesce", "quiesced", { timeoutMs: REST_MS, signal });
      // What every build needs is better in memory than to be read again from the disk each time.
      await runOnce(await connect(launched, again), ["sh", "-c", WARM_UP], signal);
      await port.ask("settle", "settled", { timeoutMs: REST_MS, signal });
    },
    async resume(launched, timeoutMs, mark) {
      using stack = new DisposableStack();
      const port = stack.use(await connectPort(launched));
      // The host's time, and 64 unique random bytes.
      const { seconds, nanoseconds, entropy } = hostTime();
      const request = `resume ${seconds} ${nanoseconds} ${entropy.toHex()}`;
      await port.ask(request, "resumed", { timeoutMs, signal: launched.signal });
      mark("corrected");
      const session = toSession(await connect(launched, again), port);
      stack.move();
      return session;
    },
  };
}

const connectPort = (launched: LaunchedGuest) =>
  GuestPort.connect(launched.socket(PORT_SOCKET), launched.guest.name);

function toSession(ssh: SshConnection, port?: GuestPort): SshSession {
  return {
    ...{ ssh, port },
    async [Symbol.asyncDispose]() {
      using _port = port;
      await ssh[Symbol.asyncDispose]();
    },
  };
}

async function runOnce(
  connection: SshConnection,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await using ssh = connection;
  const { code } = await ssh.exec(argv, { signal });
  if (code === 0) return;
  throw new TaskError(4, `guest "${ssh.name}" cannot run ${argv[0]}: status ${code}`);
}
