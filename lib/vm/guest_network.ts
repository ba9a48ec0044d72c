import { type NetworkRule, showNetwork } from "../config/network.ts";
import { proxyVariables } from "../guest/proxy/proxy_environment.ts";
import { NetworkRecord } from "../guest/proxy/proxy_record.ts";
import { serveProxy } from "../guest/proxy/serve_proxy.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { findSymptom } from "../symptoms/match.ts";
import { NETWORK } from "../symptoms/network_symptoms.ts";

/** What programs of a guest can reach, for as long as a task is connected to it. */
export interface GuestNetwork extends AsyncDisposable {
  /** The variables by which they find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Those of them that are the same each time. */
  readonly given: Readonly<Record<string, string>>;
  /** Whether programs may have got anything from it so far. */
  wasUsed(): boolean;
  /** What the network has to do with a failure. */
  explain(output: readonly string[]): NetworkCauses;
}

/** Lines for an error's details, none if the network played no part, and what to change. */
export interface NetworkCauses {
  readonly details: readonly string[];
  readonly next?: string;
}

/** What {@link openNetwork} takes. */
interface NetworkOptions {
  readonly rule: NetworkRule;
  /** The socket to which the connection's port leads. */
  readonly socketPath: string;
  /** More variables that programs are given. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told each host that was asked for, as a line for a log. */
  readonly onNote: (line: string) => void;
}

/** Gives a guest its network: a proxy of this task's, behind the connection's `proxyPort`. */
export function openNetwork(
  { proxyPort }: Pick<SshConnection, "proxyPort">,
  { rule, socketPath, env = {}, onNote }: NetworkOptions,
): GuestNetwork {
  onNote(`network: ${describe(rule)}`);
  if (rule === "open" || proxyPort === undefined) {
    return {
      env,
      given: env,
      wasUsed: () => rule === "open",
      explain: () => ({ details: [] }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  let fault: { readonly error: unknown } | undefined;
  // No request fails because its log cannot be written: this is reported when the network ends.
  const record = new NetworkRecord((line) => {
    try {
      onNote(line);
    } catch (error) {
      fault ??= { error };
    }
  });
  const proxy = serveProxy({ path: socketPath, rule, onAsked: (asked) => record.add(asked) });
  return {
    env: { ...env, ...proxyVariables(proxyPort) },
    given: env,
    wasUsed: () => record.isUsed,
    explain: (output) => explain(record, rule, output),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      if (fault !== undefined) throw fault.error;
    },
  };
}

function describe(rule: NetworkRule): string {
  if (rule === "open") return "open: the guest reaches all that this host reaches, itself included";
  if (rule === "none") return "none: every request is refused";
  if (rule === "internet") return "internet: public addresses, by the proxy in http_proxy";
  return `by the proxy in http_proxy, these hosts alone: ${showNetwork(rule)}`;
}

/** The symptoms of a program that has looked for a way out besides the proxy. */
const BESIDE_PROXY = NETWORK.filter(({ id }) => ["network-names", "network-gateway"].includes(id));

function explain(
  record: NetworkRecord,
  rule: NetworkRule,
  output: readonly string[],
): NetworkCauses {
  const details = record.causes();
  if (details.length > 0) {
    const next = record.advice(rule);
    return { details, ...(next === undefined ? {} : { next }) };
  }
  if (!output.some((line) => findSymptom(line, BESIDE_PROXY) !== undefined)) return { details: [] };
  return {
    details: ["this guest reaches the network by the proxy in http_proxy alone"],
    next: "make the program use the proxy in http_proxy, or pass --network open",
  };
}
