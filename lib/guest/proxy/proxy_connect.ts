import { delay } from "@std/async";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { settlesWithin } from "../../base/time/wait.ts";

/** Gives the addresses of a host name, the best one first. Rejects if it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Why guests may not be connected to an address; `undefined` if they may. */
export type Judge = (address: string) => string | undefined;

/** What {@link connectChecked} takes. */
interface CheckedOptions {
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

/** The addresses of a host that guests may be connected to, or why there are none. */
export type Judged =
  | { readonly kind: "allowed"; readonly addresses: readonly string[] }
  | Exclude<Attempt, { kind: "connected" }>;

/** Resolves a host's name once and judges each address. */
export async function judgeHost(options: Omit<CheckedOptions, "port">): Promise<Judged> {
  const { host, judge, deadlineMs } = options;
  let addresses: readonly string[];
  try {
    addresses = isIP(host) !== 0 ? [host] : await within(options.resolve(host), deadlineMs);
  } catch (error) {
    if (isLate(error)) return { kind: "failed", why: "its name is not resolved", late: true };
    return { kind: "failed", why: "its name does not resolve", late: false };
  }
  const judged = addresses.map((address) => ({ address, why: judge(address) }));
  const allowed = judged.filter(({ why }) => why === undefined).slice(0, MOST_ADDRESSES);
  const [first] = judged;
  if (first === undefined) return { kind: "failed", why: "its name has no address", late: false };
  if (allowed.length === 0) {
    return { kind: "refused", address: first.address, why: `${first.address} is ${first.why}` };
  }
  return { kind: "allowed", addresses: allowed.map(({ address }) => address) };
}

/** Connects to an address that was judged: no second answer of the resolver leads elsewhere. */
export async function connectChecked(options: CheckedOptions): Promise<Attempt> {
  const judged = await judgeHost(options);
  if (judged.kind !== "allowed") return judged;
  const { port, deadlineMs } = options;
  let attempt: Attempt | undefined;
  for (const address of judged.addresses) {
    try {
      return { kind: "connected", conn: await connectTo(address, port, deadlineMs), address };
    } catch (error) {
      attempt = { kind: "failed", address, ...whyNotConnected(error) };
    }
  }
  return attempt!;
}

/** Connects to an address. Throws a `TimeoutError` after the deadline. */
export async function connectTo(
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
  if (await settlesWithin(promise, deadlineMs) === "settled") return await promise;
  throw new DOMException("no answer", "TimeoutError");
}

function isLate(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

/** What an error of {@link connectTo} says. */
export function whyNotConnected(error: unknown): { readonly why: string; readonly late: boolean } {
  if (isLate(error)) return { why: "no answer", late: true };
  if (error instanceof Deno.errors.ConnectionRefused) {
    return { why: "connection refused", late: false };
  }
  const message = error instanceof Error ? error.message : "cannot connect";
  return { why: message.replace(/ \(os error \d+\).*/s, "").toLowerCase(), late: false };
}
