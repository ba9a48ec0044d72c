import { join } from "@std/path";

/**
 * Networks for one task: a namespace of its own in which it runs, and behind a cable another machine
 * with a public address (which is a namespace, too). No packet of it leaves this host.
 */
export interface NetworkSpace {
  /** Runs the command that follows it inside; see `wrapper` of the harness. */
  readonly wrapper: readonly string[];
  /** What the other machine was asked for, a request line each. */
  farRequests(): Promise<string[]>;
  /** What has reached services of the host itself, whatever its address: `tcp` or `udp`, each. */
  hostVisits(): Promise<string[]>;
}

/** The port on which the host listens, on all of its addresses. */
export const HOST_PORT = 8099;

/** Names that the host resolves. */
const HOSTS = [
  "127.0.0.1 localhost loop.test",
  "::1 loop6.test",
  "11.0.0.1 own.test",
  "192.168.77.1 inside.test",
  "169.254.169.254 meta.test",
  "11.0.0.2 far.test",
];

const UNSHARE = [
  ...["unshare", "--net", "--mount"],
  ...Deno.uid() === 0 ? [] : ["--map-root-user"],
];

/** Whether this host lets its user make such namespaces; on Linux it usually does. */
export const haveNetworkSpaces = Deno.build.os === "linux" && await canUnshare();

async function canUnshare(): Promise<boolean> {
  const [program = "", ...args] = [
    ...UNSHARE,
    ...["sh", "-c", "ip link set lo up && ip link add near type veth peer name far"],
  ];
  const options = { args, stdout: "null", stderr: "null" } as const;
  return await new Deno.Command(program, options).output().then(
    ({ success }) => success,
    () => false,
  );
}

/** Waits for its end of the cable, and then runs a server. */
const FAR = `
until ip link set far up 2>/dev/null; do sleep 0.05; done
ip address add 11.0.0.2/24 dev far
exec "$@"`;

/** $1: directory of the files; the rest: the command. */
const NEAR = `
set -e
dir=$1
shift
ip link set lo up
for address in 192.168.77.1 10.9.9.9 169.254.169.254; do ip address add $address/32 dev lo; done
mount --bind "$dir/hosts" /etc/hosts
mount --bind "$dir/resolv.conf" /etc/resolv.conf
unshare --net sh -c "$(cat "$dir/far.sh")" sh "$dir/deno" run -q -A "$dir/far.ts" &
far=$!
trap 'kill $far $host 2>/dev/null' EXIT
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link add near type veth peer name far netns $far
ip link set near up
ip address add 11.0.0.1/24 dev near
"$dir/deno" run -q -A --unstable-net "$dir/host.ts" &
host=$!
until [ -e "$dir/far.ready" ] && [ -e "$dir/host.ready" ]; do sleep 0.05; done
"$@"`;

const FAR_SERVER = `
const dir = import.meta.dirname;
Deno.serve({ hostname: "11.0.0.2", port: 80, onListen: () => Deno.writeTextFileSync(dir + "/far.ready", "") }, (request) => {
  const { pathname } = new URL(request.url);
  Deno.writeTextFileSync(dir + "/far.log", request.method + " " + pathname + " " + request.headers.get("host") + "\\n", { append: true });
  return pathname === "/redirect"
    ? new Response(null, { status: 302, headers: { location: "http://inside.test:${HOST_PORT}/redirected" } })
    : new Response("hello from afar\\n");
});`;

const HOST_SERVER = `
const dir = import.meta.dirname;
const note = (what) => Deno.writeTextFileSync(dir + "/host.log", what + "\\n", { append: true });
const datagrams = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: ${HOST_PORT} });
(async () => { for await (const _ of datagrams) note("udp"); })();
const listener = Deno.listen({ hostname: "::", port: ${HOST_PORT} });
Deno.writeTextFileSync(dir + "/host.ready", "");
for await (const conn of listener) { note("tcp"); conn.close(); }`;

/** Writes the files of a {@link NetworkSpace} into a new directory below `parent`. */
export async function makeNetworkSpace(parent: string): Promise<NetworkSpace> {
  const dir = await Deno.makeTempDir({ dir: parent, prefix: "network-" });
  await Deno.symlink(Deno.execPath(), join(dir, "deno"));
  const files = {
    hosts: HOSTS.map((line) => `${line}\n`).join(""),
    // Nobody answers there, at once.
    "resolv.conf": "nameserver 127.0.0.1\n",
    "far.sh": FAR,
    "far.ts": FAR_SERVER,
    "host.ts": HOST_SERVER,
    "far.log": "",
    "host.log": "",
  };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(dir, name), text);
  const lines = async (name: string) =>
    (await Deno.readTextFile(join(dir, name))).split("\n").filter((line) => line !== "");
  return {
    wrapper: [...UNSHARE, "sh", "-c", NEAR, "sh", dir],
    farRequests: () => lines("far.log"),
    hostVisits: () => lines("host.log"),
  };
}
