import type { Transport } from "../config/archs.ts";
import { optionValue, virtioDevice } from "./args.ts";

export interface NetOptions {
  /** Port on 127.0.0.1 that leads to the guest's `guestPort`; 0: a free one. Default: none. */
  readonly hostPort?: number;
  /** Default 22. */
  readonly guestPort?: number;
  /** Cuts the guest off from the host and the world, except for the forwarded port. */
  readonly restrict?: boolean;
  readonly transport?: Transport;
  /** Of the network, the host and the name server. Default: QEMU's own (10.0.2.0/24). */
  readonly addresses?: { readonly net: string; readonly host: string; readonly dns: string };
}

/** The id of the user network that {@link netArgs} makes. */
export const NETDEV_ID = "net0";

/** QEMU's user network. For host port 0 see `usernet.ts` (QEMU 7.2, libslirp 4.7). */
export function netArgs(options: NetOptions): string[] {
  const { hostPort, guestPort = 22, transport = "pci", addresses = {} } = options;
  const forward = hostPort === undefined ? [] : [
    `hostfwd=tcp:127.0.0.1:${portNumber("hostPort", hostPort, 0)}-:${
      portNumber("guestPort", guestPort, 1)
    }`,
  ];
  const netdev = [
    "user",
    `id=${NETDEV_ID}`,
    ...Object.entries(addresses).map(([key, address]) => `${key}=${address}`),
    // Without router advertisements a guest that waits for its network waits only for IPv4.
    "ipv6=off",
    ...(options.restrict ? ["restrict=on"] : []),
    ...forward,
  ];
  return ["-netdev", netdev.join(","), ...netDeviceArgs(transport)];
}

function netDeviceArgs(transport: Transport): string[] {
  // No option ROM: nothing boots from the network.
  const properties = [`netdev=${NETDEV_ID}`, ...(transport === "pci" ? ["romfile="] : [])];
  return ["-device", virtioDevice("net", transport, properties)];
}

/** A network behind a Unix socket, each packet preceded by its length (QEMU 7.2 and later). */
export function streamNetArgs(
  { socketPath, transport = "pci" }: {
    readonly socketPath: string;
    readonly transport?: Transport;
  },
): string[] {
  const netdev = ["stream", `id=${NETDEV_ID}`, "server=off", "addr.type=unix"];
  return [
    ...["-netdev", [...netdev, `addr.path=${optionValue(socketPath)}`].join(",")],
    ...netDeviceArgs(transport),
  ];
}

function portNumber(name: string, value: number, lowest: 0 | 1): number {
  if (Number.isInteger(value) && value >= lowest && value <= 65535) return value;
  throw new RangeError(`${name} is ${value}, which is not a port number from ${lowest} to 65535`);
}
