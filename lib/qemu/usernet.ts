interface Forward {
  readonly protocol: "tcp" | "udp";
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly guestPort: number;
}

/** The forwards in `info usernet` (libslirp's `slirp_connection_info`), with real ports for 0. */
export function parseUsernet(text: string): Forward[] {
  const forwards: Forward[] = [];
  for (const line of text.split(/\r?\n/)) {
    // Protocol[State] FD SourceAddress SourcePort DestinationAddress DestinationPort RecvQ SendQ
    const match = /^\s*(TCP|UDP)\[HOST_FORWARD\]\s+\d+\s+(\S+)\s+(\d+)\s+\S+\s+(\d+)\s/.exec(line);
    if (match === null) continue;
    const [, protocol, hostAddress = "", hostPort, guestPort] = match;
    forwards.push({
      protocol: protocol === "TCP" ? "tcp" : "udp",
      hostAddress,
      hostPort: Number(hostPort),
      guestPort: Number(guestPort),
    });
  }
  return forwards;
}
