import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { readText } from "../guest/proxy/proxy_testing.ts";
import { openNetwork } from "./guest_network.ts";
import { buildDevices } from "./build_machine.ts";

/** The network of an imaginary guest, and its notes. */
async function openForTest(rule: Parameters<typeof openNetwork>[1]["rule"]) {
  const dir = await Deno.makeTempDir({ prefix: "gh-network-" });
  const socketPath = join(dir, "proxy");
  const notes: string[] = [];
  const network = openNetwork({ proxyPort: 20001 }, {
    ...{ rule, socketPath },
    onNote: (line) => notes.push(line),
  });
  return {
    ...{ network, notes },
    async ask(text: string) {
      using conn = await Deno.connect({ transport: "unix", path: socketPath });
      await conn.write(new TextEncoder().encode(text));
      return await readText(conn);
    },
    async [Symbol.asyncDispose]() {
      await network[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

Deno.test("openNetwork() serves a guest's proxy, records its requests, and names refused hosts", async () => {
  await using opened = await openForTest("internet");
  const { network, notes } = opened;
  assertEquals(network.env.http_proxy, "http://127.0.0.1:20001");
  assertEquals(network.explain(["make: *** [all] Error 2"]), { details: [] });
  assertMatch(await opened.ask("CONNECT 192.168.1.5:443 HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 403 /);
  const refusal = "refused by the network rule: 192.168.1.5:443 (192.168.1.5 is a private address)";
  assertEquals(notes, [
    "network: internet: public addresses, by the proxy in http_proxy",
    `network: ${refusal}`,
  ]);
  assertEquals(network.explain([]), {
    details: [refusal],
    next: "pass --network open, if the guest may reach all that this host reaches",
  });
});

Deno.test("openNetwork() recognizes a program that has not used the proxy by its output", async () => {
  await using opened = await openForTest(["a.example"]);
  for (
    const line of [
      "curl: (6) Could not resolve host: example.org",
      "ssh: Temporary failure in name resolution",
      "connect: Network is unreachable",
    ]
  ) {
    assertEquals(opened.network.explain(["make: Entering", line]), {
      details: ["this guest reaches the network by the proxy in http_proxy alone"],
      next: "make the program use the proxy in http_proxy, or pass --network open",
    });
  }
});

Deno.test("openNetwork() refuses everything if the rule is none, and serves no proxy if it is open", async () => {
  {
    await using none = await openForTest("none");
    assertMatch(await none.ask("GET http://a.example/ HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 403 /);
    assertEquals(
      none.network.explain([]).next,
      'pass --network internet, or set "network" in guesthouse.json',
    );
  }
  await using open = await openForTest("open");
  assertEquals(open.network.env, {});
  assertEquals(open.network.explain(["connect: Network is unreachable"]), { details: [] });
  assertMatch(open.notes[0]!, /^network: open: the guest reaches all that this host reaches/);
  await assertRejects(() => open.ask(""), Deno.errors.NotFound);
});

Deno.test("a guest has no network besides its forwarded port, unless it is opened", () => {
  const netdev = (openNetwork?: boolean) => {
    const args = buildDevices({ transport: "pci", sshPort: 0, openNetwork })({
      disk: "/overlay",
      socketDir: "/",
    });
    return args[args.indexOf("-netdev") + 1];
  };
  assertMatch(netdev()!, /,restrict=on,hostfwd=tcp:127\.0\.0\.1:0-:22$/);
  assertEquals(netdev(false), netdev());
  assertEquals(netdev(true), netdev()!.replace("restrict=on,", ""));
});

Deno.test("openNetwork() reports a log that could not be written when it ends", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gh-network-" });
  const socketPath = join(dir, "proxy");
  let isFull = false;
  const network = openNetwork({ proxyPort: 20001 }, {
    ...{ rule: "internet", socketPath },
    onNote: () => {
      if (isFull) throw new Error("No space left on device");
    },
  });
  isFull = true;
  {
    using conn = await Deno.connect({ transport: "unix", path: socketPath });
    await conn.write(new TextEncoder().encode("CONNECT 192.168.1.5:443 HTTP/1.1\r\n\r\n"));
    assertMatch(await readText(conn), /^HTTP\/1\.1 403 /);
  }
  await assertRejects(
    () => Promise.resolve(network[Symbol.asyncDispose]()),
    Error,
    "No space left on device",
  );
  await Deno.remove(dir, { recursive: true });
});
