import type { NetworkRule } from "../../config/network.ts";
import type { Asked } from "./proxy_options.ts";

/** Lines of a log about one guest's network. What was refused must not hide what was allowed. */
const MOST_LINES = { allowed: 50_000, missed: 2000 };
/** Lines of an error. */
const MOST_CAUSES = 5;

/**
 * What a guest has asked of the network: each host with its outcome once, as a line for the log, and
 * what it did not get, as causes of a failure.
 */
export class NetworkRecord {
  readonly #seen = { allowed: new Set<string>(), missed: new Set<string>() };
  readonly #missed = new Map<string, Asked>();
  /** Whether anything may have been had from the network. */
  isUsed = false;
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  add(asked: Asked): void {
    const line = lineOf(asked);
    this.isUsed ||= asked.verdict !== "refused";
    const kind = asked.verdict === "allowed" ? "allowed" : "missed";
    const seen = this.#seen[kind];
    if (seen.has(line) || seen.size > MOST_LINES[kind]) return;
    seen.add(line);
    const isMore = seen.size > MOST_LINES[kind];
    this.#write(isMore ? `network: more was ${kind} than is listed here` : line);
    if (asked.verdict !== "allowed") this.#missed.set(line.replace("network: ", ""), asked);
  }

  /** What was refused or did not answer, for the details of an error; the last of it. */
  causes(): string[] {
    return [...this.#missed.keys()].slice(-MOST_CAUSES);
  }

  /** What to change so that what was refused is allowed; `undefined` if nothing was refused. */
  advice(rule: NetworkRule): string | undefined {
    const refused = [...this.#missed.values()].filter(({ verdict, target }) =>
      verdict === "refused" && target !== undefined
    );
    if (refused.length === 0) return undefined;
    const byAddress = refused.some(({ address }) => address !== undefined);
    if (byAddress) return "pass --network open, if the guest may reach all that this host reaches";
    return rule === "none"
      ? 'pass --network internet, or set "network" in guesthouse.json'
      : 'add the host to "network" in guesthouse.json, or pass --network internet';
  }
}

function lineOf({ verdict, target, address, why }: Asked): string {
  if (verdict === "allowed") return `network: allowed: ${target} (${address})`;
  if (verdict === "failed") return `network: cannot be reached: ${target ?? "a request"} (${why})`;
  return `network: refused by the network rule: ${target ?? "a malformed request"} (${why})`;
}
