import { delay } from "@std/async";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** Gives the addresses of a host name, the best one first. Rejects if it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Why guests may not be connected to an address; `undefined` if they may. */
export type Judge = (address: string) => string | undefined;

/** What {@link connectChecked} takes. */
interface ConnectCheckedOptions {
  readonly host: string;
  readonly port: number;
  readonly resolve: Resolve;
  readonly judge: Judge;
  /** For the resolver, and then for each address. */
  readonly deadlineMs: number;
}

/** How an attempt to connect ended. `address` is the one that was judged and tried last. */
export type Attempt =
  | { readonly kind: "connected"; readonly conn: Deno.TcpConn; readonly address: string }
  | { readonly kind: "refused"; readonly why: string; readonly address?: string }
  | {
    readonly kind: "failed";
    readonly why: string;
    readonly late: boolean;
    readonly address?: string;
  };

/** Each blocks a thread until the resolver gives up, and files are read by the same few threads. */
const MOST_LOOKUPS = 8;
/** How long a name waits for its turn. */
const LOOKUP_WAIT_MS = 15_000;
let looking = 0;

/** Resolves a name like every program of this host, including `/etc/hosts`. */
export const resolveOnHost: Resolve = async (host) => {
  const end = performance.now() + LOOKUP_WAIT_MS;
  while (looking >= MOST_LOOKUPS) {
    if (performance.now() > end) throw new DOMException("no answer", "TimeoutError");
    await delay(100);
  }
  looking++;
  try {
    return (await lookup(host, { all: true, order: "verbatim" })).map(({ address }) => address);
  } finally {
    looking--;
  }
};

/** More addresses than this are not tried. */
const MOST_ADDRESSES = 6;

/**
 * Connects to a host. The name is resolved once and each address judged, so that no second answer
 * of the resolver leads elsewhere.
 */
export async function connectChecked(options: ConnectCheckedOptions): Promise<Attempt> {
  const { host, port, judge, deadlineMs } = options;
  let addresses: readonly string[];
  try {
    addresses = isIP(host) !== 0 ? [host] : await within(options.resolve(host), deadlineMs);
  } catch (error) {
    if (isLate(error)) return { kind: "failed", why: "its name is not resolved", late: true };
    return { kind: "failed", why: "its name does not resolve", late: false };
  }
  const judged = addresses.map((address) => ({ address, why: judge(address) }));
  const allowed = judged.filter(({ why }) => why === undefined).slice(0, MOST_ADDRESSES);
  let attempt: Attempt = { kind: "failed", why: "its name has no address", late: false };
  const [first] = judged;
  if (first !== undefined && allowed.length === 0) {
    return { kind: "refused", address: first.address, why: `${first.address} is ${first.why}` };
  }
  for (const { address } of allowed) {
    try {
      return { kind: "connected", conn: await connectTo(address, port, deadlineMs), address };
    } catch (error) {
      attempt = { kind: "failed", address, why: whyNotConnected(error), late: isLate(error) };
    }
  }
  return attempt;
}

async function connectTo(
  hostname: string,
  port: number,
  deadlineMs: number,
): Promise<Deno.TcpConn> {
  // Not AbortSignal.timeout(), which would go off while the connection is in use.
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new DOMException("no answer", "TimeoutError")),
    deadlineMs,
  );
  try {
    return await Deno.connect({ hostname, port, signal: late.signal, autoSelectFamily: false });
  } finally {
    clearTimeout(timer);
  }
}

async function within<T>(promise: Promise<T>, deadlineMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new DOMException("no answer", "TimeoutError")),
    deadlineMs,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function isLate(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

function whyNotConnected(error: unknown): string {
  if (isLate(error)) return "no answer";
  if (error instanceof Deno.errors.ConnectionRefused) return "connection refused";
  const message = error instanceof Error ? error.message : "cannot connect";
  return message.replace(/ \(os error \d+\).*/s, "").toLowerCase();
}
