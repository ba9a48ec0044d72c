/** Hosts that programs of the guest reach without the proxy. */
const NO_PROXY = "localhost,127.0.0.1,::1";

/** The names by which programs look for a proxy; curl reads some in lower case, Go in upper. */
const NAMES = ["http_proxy", "https_proxy", "all_proxy"];
const NO_PROXY_NAME = "no_proxy";

/** The variables by which programs in a guest find the proxy on a port of its own loopback. */
export function proxyVariables(port: number): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  const lower = Object.fromEntries([...NAMES.map((name) => [name, url]), [
    NO_PROXY_NAME,
    NO_PROXY,
  ]]);
  const upper = Object.fromEntries(
    Object.entries(lower).map(([name, value]) => [name.toUpperCase(), value]),
  );
  return { ...lower, ...upper };
}
