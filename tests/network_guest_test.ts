// Boots real guests.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeSandbox } from "./support/harness.ts";
import { haveNetworkSpaces, HOST_PORT, makeNetworkSpace } from "./support/network_space.ts";
import { assertFailure, assertNoBug, documentOf } from "./support/outcome.ts";
import { writeProject } from "./support/projects.ts";

/** Asks for much from inside a guest, a line of output for each. Perl is what all guests have. */
const PROBE = String.raw`
use strict;
use warnings;
use IO::Socket::INET;
use Socket qw(AF_INET6 SOCK_STREAM inet_pton pack_sockaddr_in6);
$| = 1;

my ($proxy) = ($ENV{http_proxy} // '') =~ m{^http://127\.0\.0\.1:(\d+)$};

# What the proxy answers: its first line, and the last line of the rest.
sub through_proxy {
  my ($text) = @_;
  my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $proxy) or return "no proxy: $!";
  print {$socket} $text;
  local $/;
  my @lines = split /\r?\n/, <$socket> // '';
  return join ' | ', map { $_ // '' } $lines[0], $lines[-1];
}
sub tcp {
  my ($host, $port) = @_;
  my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 3);
  return $socket ? 'connected' : 'no connection';
}
sub udp {
  my ($host, $port, $text) = @_;
  my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'udp') or return 'no answer';
  $socket->send($text);
  my $bits = '';
  vec($bits, fileno $socket, 1) = 1;
  return select($bits, undef, undef, 1) && defined $socket->recv(my $answer, 512) ? 'answered' : 'no answer';
}
sub tcp6 {
  my ($host, $port) = @_;
  socket my $socket, AF_INET6, SOCK_STREAM, 0 or return 'no connection';
  return connect($socket, pack_sockaddr_in6($port, inet_pton(AF_INET6, $host))) ? 'connected' : 'no connection';
}
# A question for the address of "a.test".
my $query = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x04test\x00\x00\x01\x00\x01";

for my $what (@ARGV) {
  my ($kind, $host, $port) = split /,/, $what;
  my $got = $kind eq 'get' ? through_proxy("GET $host HTTP/1.1\r\n\r\n")
    : $kind eq 'connect' ? through_proxy("CONNECT $host HTTP/1.1\r\n\r\nGET /tunnel HTTP/1.1\r\nHost: far.test\r\nConnection: close\r\n\r\n")
    : $kind eq 'tcp' ? tcp($host, $port)
    : $kind eq 'tcp6' ? tcp6($host, $port)
    : $kind eq 'udp' ? udp($host, $port, 'hello')
    : udp($host, 53, $query);
  print "$what: $got\n";
}
`;

/** A step that probes. */
const probe = (name: string, ...what: string[]) => ({
  name,
  run: ["perl", "probe.pl", ...what],
});
const PORT = HOST_PORT;

Deno.test({
  name: "a build guest reaches public hosts through its proxy, but not this host or its networks",
  ignore: !haveNetworkSpaces,
  async fn() {
    await using box = await makeSandbox();
    const space = await makeNetworkSpace(box.dir);
    const direct = [
      ...["10.0.2.2", "10.0.2.3", "11.0.0.1", "11.0.0.2", "192.168.77.1", "10.9.9.9"],
      "169.254.169.254",
    ];
    const refused = [
      ...["localhost", "127.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.2.2"],
      ...["10.9.9.9", "11.0.0.1", "169.254.169.254", "[fe80::1]", "[fd00::1]"],
      ...["loop.test", "loop6.test", "own.test", "inside.test", "meta.test"],
    ];
    const project = await writeProject(box.dir, "probing", {
      "probe.pl": PROBE,
      "guesthouse.json": JSON.stringify({
        steps: {
          default: [
            probe("fetch", "get,http://far.test/hello", "connect,far.test:80"),
            probe("redirect", "get,http://far.test/redirect"),
            probe("direct", ...direct.map((host) => `tcp,${host},${PORT}`), "tcp,11.0.0.2,80"),
            probe("direct 6", `tcp6,fec0::2,${PORT}`, `tcp6,::ffff:10.0.2.2,${PORT}`),
            probe("datagrams", ...direct.map((host) => `udp,${host},${PORT}`), "dns,10.0.2.3"),
            probe("refused", ...refused.map((host) => `get,http://${host}:${PORT}/`)),
            probe("tunnels", ...refused.map((host) => `connect,${host}:${PORT}`)),
            { name: "sudo", run: ["sudo", "env"] },
            {
              name: "need",
              run: ["sh", "-c", `perl probe.pl get,http://inside.test:${PORT + 1}/dep; exit 22`],
            },
          ],
        },
      }),
    });
    const outcome = await box.task("build-vm", ["debian-amd64", "--project", project, "--json"], {
      wrapper: space.wrapper,
    });
    assertEquals(outcome.code, 1, outcome.stderr);
    assertNoBug(outcome);
    const [row] = documentOf(outcome).platforms;
    const log: string = await Deno.readTextFile(row.log);
    const answers = new Map(
      [...log.matchAll(/^((?:get|connect|tcp6?|udp|dns),\S+): (.*)$/gm)]
        .map(([, what = "", got = ""]) => [what, got]),
    );

    assertEquals(answers.get("get,http://far.test/hello"), "HTTP/1.1 200 OK | hello from afar");
    assertMatch(answers.get("connect,far.test:80") ?? "", /^HTTP\/1\.1 200 .* \| hello from afar$/);
    assertMatch(answers.get("get,http://far.test/redirect") ?? "", /^HTTP\/1\.1 302 /);
    assertEquals(await space.farRequests(), [
      ...["GET /hello far.test", "GET /tunnel far.test", "GET /redirect far.test"],
    ]);
    const got = (kind: string) => direct.map((host) => answers.get(`${kind},${host},${PORT}`));
    assertEquals(got("tcp"), direct.map(() => "no connection"));
    assertEquals(got("udp"), direct.map(() => "no answer"));
    assertEquals(answers.get("tcp,11.0.0.2,80"), "no connection");
    assertEquals(answers.get(`tcp6,fec0::2,${PORT}`), "no connection");
    assertEquals(answers.get(`tcp6,::ffff:10.0.2.2,${PORT}`), "no connection");
    assertEquals(answers.get("dns,10.0.2.3"), "no answer");
    for (const host of refused) {
      for (const what of [`get,http://${host}:${PORT}/`, `connect,${host}:${PORT}`]) {
        assertMatch(
          answers.get(what) ?? "",
          /^HTTP\/1\.1 403 .* refused by the network rule/,
          what,
        );
      }
    }
    assertEquals(await space.hostVisits(), []);

    // The log has each host that was asked for, and sudo passes the variables on.
    assertStringIncludes(log, "== network: allowed: far.test:80 (11.0.0.2)\n");
    const why = "refused by the network rule";
    assertStringIncludes(log, `== network: ${why}: own.test:${PORT} (11.0.0.1 is this host's own`);
    const sudo = log.slice(log.indexOf("== sudo:"));
    for (const name of ["http_proxy", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"]) {
      assertMatch(sudo, new RegExp(`^${name}=\\S`, "m"));
    }
    // The last refusal is named as a cause, with what to change.
    const { details, next } = row.error;
    const refusal = `${why}: inside.test:${PORT + 1} (192.168.77.1 is a private address)`;
    assert(details.includes(refusal), details.join("\n"));
    assertEquals(next, "pass --network open, if the guest may reach all that this host reaches");

    // The same snapshot, with a way out; that also shows that the host would have been reached.
    const open = await writeProject(box.dir, "open", {
      "probe.pl": PROBE,
      "guesthouse.json": JSON.stringify({
        network: "open",
        steps: {
          default: [
            probe("direct", `tcp,10.0.2.2,${PORT}`, `tcp,192.168.77.1,${PORT}`, "tcp,11.0.0.2,80"),
            probe("datagram", `udp,10.0.2.2,${PORT}`),
            { name: "no proxy", run: ["sh", "-c", 'test -z "$http_proxy"'] },
          ],
        },
      }),
    });
    const other = await makeNetworkSpace(box.dir);
    const opened = await box.task("build-vm", ["debian-amd64", "--project", open, "--json"], {
      wrapper: other.wrapper,
    });
    assertEquals(opened.code, 0, opened.stderr);
    assertStringIncludes(opened.stderr, "warning: The project asks for an open network");
    const [openRow] = documentOf(opened).platforms;
    assertEquals(openRow.start, "warm");
    const openLog: string = await Deno.readTextFile(openRow.log);
    assertStringIncludes(openLog, "== network: open: ");
    assertEquals([...openLog.matchAll(/^tcp,\S+: connected$/gm)].length, 3, openLog);
    assertEquals((await other.hostVisits()).sort(), ["tcp", "tcp", "udp"]);
    // The person decides.
    const overruled = await box.task("build-vm", [
      ...["debian-amd64", "--project", open, "--network", "none", "--dry-run"],
    ]);
    assertStringIncludes(overruled.stdout, "restrict=on");
    assert(!overruled.stderr.includes("open network"), overruled.stderr);
    await box.assertClean();
  },
});

Deno.test("--network takes only a rule, for every guest", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "empty", { "guesthouse.json": "{}" });
  const bad = await box.task("build-vm", [
    ...["debian-amd64", "--project", project, "--network", "http://a.example", "--dry-run"],
  ]);
  assertFailure(bad, {
    exit: 2,
    says: ['Cannot use --network "http://a.example"', "next: pass internet, none, open, or host"],
  });
  const variant = await box.task("vm-run", ["raw", "--network", "internet", "--", "true"]);
  assertFailure(variant, {
    exit: 2,
    says: ['Cannot use --network "internet" with variant "raw": it takes none, user, gvproxy'],
  });
  const closed = await box.task("vm-run", ["debian-amd64", "--dry-run", "--", "true"]);
  assertStringIncludes(closed.stdout, "restrict=on");
  const open = await box.task("vm-run", [
    ...["debian-amd64", "--network", "open", "--dry-run", "--", "true"],
  ]);
  assert(!open.stdout.includes("restrict="), open.stdout);
});
