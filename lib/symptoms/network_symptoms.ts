import { READ_CONSOLE, REBUILD, symptoms } from "./symptom.ts";

/** From the network device to names. QEMU's user network is 10.0.2.0/24, its gateway 10.0.2.2. */
export const NETWORK = symptoms(
  { where: ["console", "task"], endsBoot: false },
  [
    {
      id: "network-device",
      patterns: [/Cannot find device "(?<device>eth\d+)"/],
      says: 'Cannot find device "eth0"',
      title: "it has no network device",
      cause: "The module virtio_net is missing, or the guest was started without a network device.",
      fix: [REBUILD, READ_CONSOLE],
    },
    {
      id: "network-address",
      patterns: [
        /No DHCPOFFERS received|udhcpc: no lease, failing|networkd-wait-online.*[Tt]imeout occurred/,
        /(?<device>eth\d+): no (?:IPv4 )?address/,
      ],
      says: "No DHCPOFFERS received.",
      title: "it got no network address",
      cause:
        "guesthouse's own images have a static address (10.0.2.15); an image that uses DHCP did " +
        "not reach QEMU's server.",
      fix: ["deno task vm-run {guest} -- ip -br addr", READ_CONSOLE],
    },
    {
      id: "network-refused",
      patterns: [/refused by the network rule: (?<host>\S+) \((?<why>[^)]*)\)/],
      says: "refused by the network rule: … (…)",
      where: ["task"],
      // Guests boot without the network, and a program may work without it.
      role: "consequence",
      title: "the network rule refuses {host}: {why}",
      cause:
        "A build guest fetches everything through guesthouse's proxy, which connects only to public " +
        'addresses, and to the hosts that the rule names: "network" in guesthouse.json, or ' +
        "--network.",
      fix: [
        "less {log}",
        "deno task build-vm {guest} --network internet",
        "deno task build-vm {guest} --network open",
      ],
    },
    {
      id: "network-unanswered",
      patterns: [/cannot be reached: (?<host>\S+:\d+) \((?<why>[^)]*)\)/],
      says: "cannot be reached: … (…)",
      where: ["task"],
      role: "consequence",
      title: "{host} cannot be reached: {why}",
      cause: "guesthouse's proxy runs on this host, so this host cannot reach it either.",
      fix: ["less {log}", "getent hosts deb.debian.org"],
    },
    {
      id: "network-gateway",
      patterns: [
        /Network is unreachable/,
        /Destination Host Unreachable/,
        /100% packet loss/,
      ],
      says: "Network is unreachable",
      // Guests boot without it, so it does not explain a failed boot.
      role: "consequence",
      title: "it cannot reach the network",
      cause:
        "Unless its network is open, a build guest has only the proxy in http_proxy, which the " +
        "program may not use. If it is open: the guest has no route, or its gateway (10.0.2.2) " +
        "does not answer. QEMU's network does not pass pings on to other machines, so test with a " +
        "connection.",
      fix: [
        "deno task build-vm {guest} --network open",
        "deno task vm-run {guest} -- ip route",
        "deno task vm-run {guest} -- bash -c 'echo </dev/tcp/10.0.2.2/22'",
      ],
    },
    {
      id: "network-names",
      patterns: [
        /Temporary failure resolving '(?<host>[^']*)'/,
        /Could not resolve host:? '?(?<host>[\w.-]+)/,
        /Temporary failure in name resolution|Name or service not known/,
      ],
      says: "Temporary failure in name resolution",
      // Guests boot without it, so it does not explain a failed boot.
      role: "consequence",
      title: "it cannot look up names",
      cause:
        "In a build guest only the proxy in http_proxy looks up names, unless its network is open. " +
        "If it is open, QEMU answers at 10.0.2.3 with the host's own resolver: either the guest " +
        "does not use it (/etc/resolv.conf), or the host itself cannot resolve names.",
      fix: [
        "deno task build-vm {guest} --network open",
        "deno task vm-run {guest} -- cat /etc/resolv.conf",
        "deno task vm-run {guest} -- getent hosts deb.debian.org",
        "getent hosts deb.debian.org",
      ],
    },
  ],
);
