import ipaddr from "ipaddr.js";

/** An address of this host, with the network that it is in. */
export interface OwnAddress {
  readonly address: string;
  /** `ADDRESS/BITS`; `null` if the system does not report it. */
  readonly cidr: string | null;
}

/** The current addresses of all interfaces of this host. */
export function ownAddresses(): OwnAddress[] {
  return Deno.networkInterfaces().map(({ address, cidr }) => ({ address, cidr }));
}

/** Descriptions of the ranges of ipaddr.js. Every named range is refused. */
const RANGES: Readonly<Record<string, string>> = {
  unspecified: "an unspecified address",
  broadcast: "a broadcast address",
  multicast: "a multicast address",
  linkLocal: "a link-local address",
  loopback: "a loopback address",
  carrierGradeNat: "a carrier's private address",
  private: "a private address",
  uniqueLocal: "a private address",
  deprecatedSiteLocal: "a private address",
  "6to4": "a 6to4 address",
  teredo: "a Teredo address",
};
const OTHER_RANGE = "a reserved address";

/** Longer networks than this are local; a shorter one is how some tunnels are set up. */
const LOCAL_NETWORK_BITS = 48;

/**
 * Why no guest may connect to an address, as the end of `ADDRESS is ...`; `undefined` if it may.
 * Only public unicast addresses pass, except this host's `own`. One that stands for an IPv4 address
 * (mapped, NAT64) is judged as that.
 *
 * @param text four decimal numbers, or IPv6
 */
export function whyNotAddress(text: string, own: readonly OwnAddress[]): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return "not an address";
  const why = address instanceof ipaddr.IPv4 ? whyNotIpv4(address) : whyNotIpv6(address, own);
  if (why !== undefined) return why;
  const isOwn = own.some((other) => sameAddress(other.address, address));
  return isOwn ? "this host's own address" : undefined;
}

/** It looks public, and is the machine that this host runs on: Azure's, and GitHub's runners'. */
const CLOUD_HOSTS = ["168.63.129.16"];

function whyNotIpv4(address: ipaddr.IPv4): string | undefined {
  if (CLOUD_HOSTS.includes(address.toString())) return "an address of this host's cloud";
  const range = address.range();
  return range === "unicast" ? undefined : RANGES[range] ?? OTHER_RANGE;
}

function whyNotIpv6(address: ipaddr.IPv6, own: readonly OwnAddress[]): string | undefined {
  const inner = innerIpv4(address);
  if (inner !== undefined) {
    const why = whyNotAddress(inner, own);
    return why === undefined ? undefined : `a form of ${inner}, which is ${why}`;
  }
  const range = address.range();
  if (range !== "unicast") return RANGES[range] ?? OTHER_RANGE;
  // Everything public is in there (RFC 4291, the list of IANA).
  if (!address.match(ipaddr.IPv6.parse("2000::"), 3)) return OTHER_RANGE;
  // Its neighbours have public addresses in IPv6 as well.
  const neighbour = own.some(({ cidr }) => {
    const network = cidr === null ? undefined : parseNetwork(cidr);
    return network !== undefined && address.match(...network);
  });
  return neighbour ? "in a network of this host" : undefined;
}

/** The IPv4 address for which an IPv6 address stands, where packets would go to that one. */
function innerIpv4(address: ipaddr.IPv6): string | undefined {
  const wellKnown = ["::ffff:0:0", "64:ff9b::"].some((prefix) =>
    address.match(ipaddr.IPv6.parse(prefix), 96)
  );
  return wellKnown ? address.toByteArray().slice(-4).join(".") : undefined;
}

/** `undefined` for what a resolver never gives: IPv4 in other forms, addresses with a zone. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  // ipaddr.js takes "::127.0.0.1" for "::ffff:127.0.0.1", which the system does not. In a URL the
  // last two groups are hexadecimal, as all others.
  const url = text.includes(":") ? URL.parse(`http://[${text}]`) : null;
  return url === null ? undefined : ipaddr.IPv6.parse(url.hostname.slice(1, -1));
}

function sameAddress(text: string, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return parseAddress(text)?.toNormalizedString() === address.toNormalizedString();
}

function parseNetwork(cidr: string): [ipaddr.IPv6, number] | undefined {
  if (!ipaddr.IPv6.isValidCIDR(cidr)) return undefined;
  const [address, bits] = ipaddr.IPv6.parseCIDR(cidr);
  return bits < LOCAL_NETWORK_BITS ? undefined : [address, bits];
}
