/** Ports below those that Linux assigns automatically (`ip_local_port_range`), for listeners. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

/** A port of the guest's loopback for one connection; a retry may find the last one still taken. */
export function choosePort(): number {
  return FIRST_PORT + crypto.getRandomValues(new Uint32Array(1))[0]! % PORTS;
}

/**
 * Arguments for ssh that make the guest listen on a loopback port that leads to our Unix socket. It
 * is requested with the login, before any command; ssh ends if the guest refuses.
 */
export function forwardArgs(port: number, socketPath: string): string[] {
  // A colon would end the path, and ssh expands `%h` and the like in it.
  const path = socketPath.replaceAll("%", "%%").replaceAll(/[\\:]/g, (char) => `\\${char}`);
  return ["-o", "ExitOnForwardFailure=yes", "-R", `127.0.0.1:${port}:${path}`];
}
