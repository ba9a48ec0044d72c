/** Hosts that programs of the guest reach without the proxy. */
const NO_PROXY = "localhost,127.0.0.1,::1";

/** The variables by which programs in a guest find the proxy on a port of its own loopback. */
export function proxyVariables(port: number): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  const lower = { http_proxy: url, https_proxy: url, all_proxy: url, no_proxy: NO_PROXY };
  // curl reads some of them in lower case only, and Go in upper.
  const upper = Object.fromEntries(
    Object.entries(lower).map(([name, value]) => [name.toUpperCase(), value]),
  );
  return { ...lower, ...upper };
}
