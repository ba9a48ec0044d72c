/**
 * What guests may reach: `"internet"`, public addresses; a list, these host names; `"none"`,
 * nothing; `"open"`, everything that the host can reach, without a proxy.
 */
export type NetworkRule = typeof NETWORK_MODES[number] | readonly string[];

/** The rules that have a name. */
export const NETWORK_MODES = ["internet", "none", "open"] as const;

/** What a rule is, for messages. */
export const NETWORK_WANTED = '"internet", "none", "open", or a list of host names';

/** Labels of letters, digits, "-" and "_", as names in DNS are (RFC 1123, and "_" in practice). */
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/** A host name in lower case, without a final dot; `undefined` if it is not one in DNS form. */
export function normalHost(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  return name.length <= 253 && HOST_NAME.test(name) ? name : undefined;
}

/**
 * A mode, or host names with commas; a single word without a dot is a misspelt mode, not a host.
 */
export function parseNetwork(text: string): NetworkRule | undefined {
  const mode = NETWORK_MODES.find((mode) => mode === text);
  if (mode !== undefined) return mode;
  if (!/[.,]/.test(text)) return undefined;
  const hosts = text.split(",").map((host) => normalHost(host.trim()));
  return hosts.every((host) => host !== undefined) ? hosts : undefined;
}

/** A rule as the command line has it. */
export function showNetwork(rule: NetworkRule): string {
  return typeof rule === "string" ? rule : rule.join(",");
}

/** Why a rule refuses a host, whatever its address; `undefined` if it does not. */
export function whyNotHost(rule: NetworkRule, host: string): string | undefined {
  if (rule === "none") return 'the rule is "none"';
  if (typeof rule === "string") return undefined;
  const name = normalHost(host);
  return rule.some((allowed) => normalHost(allowed) === name && name !== undefined)
    ? undefined
    : "it is not in the list of hosts";
}
