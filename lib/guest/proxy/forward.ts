/** Ports below those that Linux gives out by itself (`ip_local_port_range`), for listeners. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

/**
 * A port of a guest's loopback for one connection to it. Several connections to a guest have one
 * each, and so has one that is tried again while the guest still holds the last one open.
 */
export function choosePort(): number {
  return FIRST_PORT + crypto.getRandomValues(new Uint32Array(1))[0]! % PORTS;
}

/**
 * Arguments by which ssh makes the guest listen on a port of its loopback that leads to a Unix
 * socket of this host. The request goes out with the login, so that no command can be earlier, and
 * ssh ends where the guest refuses it.
 */
export function forwardArgs(port: number, socketPath: string): string[] {
  // A colon would end the path, and ssh expands `%h` and the like in it.
  const path = socketPath.replaceAll("%", "%%").replaceAll(/[\\:]/g, (char) => `\\${char}`);
  return ["-o", "ExitOnForwardFailure=yes", "-R", `127.0.0.1:${port}:${path}`];
}
