import { assertEquals } from "@std/assert";
import { NetworkRecord } from "./proxy_record.ts";

Deno.test("NetworkRecord writes each host with its outcome once, and keeps what was refused", () => {
  const lines: string[] = [];
  const record = new NetworkRecord((line) => lines.push(line));
  const target = "example.org:443";
  record.add({ verdict: "allowed", target, address: "93.184.216.34" });
  record.add({ verdict: "allowed", target, address: "93.184.216.34" });
  assertEquals(record.causes(), []);
  assertEquals(record.advice("internet"), undefined);
  const why = "192.168.1.5 is a private address";
  record.add({ verdict: "failed", target, why: "connection refused", address: "93.184.216.34" });
  record.add({ verdict: "refused", target, why, address: "192.168.1.5" });
  record.add({ verdict: "refused", why: "its lines do not end with CR LF" });
  assertEquals(lines, [
    "network: allowed: example.org:443 (93.184.216.34)",
    "network: cannot be reached: example.org:443 (connection refused)",
    "network: refused by the network rule: example.org:443 (192.168.1.5 is a private address)",
    "network: refused by the network rule: a malformed request (its lines do not end with CR LF)",
  ]);
  assertEquals(record.causes(), lines.slice(1).map((line) => line.replace("network: ", "")));
});

Deno.test("NetworkRecord suggests the rule that would allow what was refused", () => {
  const adviceFor = (address: string | undefined, rule: "none" | readonly string[]) => {
    const record = new NetworkRecord(() => {});
    const of = address === undefined ? {} : { address };
    record.add({ verdict: "refused", target: "a.example:80", why: "x", ...of });
    return record.advice(rule);
  };
  assertEquals(
    adviceFor("10.0.0.1", ["a.example"]),
    "pass --network open, if the guest may reach all that this host reaches",
  );
  assertEquals(
    adviceFor(undefined, "none"),
    'pass --network internet, or set "network" in guesthouse.json',
  );
  assertEquals(
    adviceFor(undefined, ["b.example"]),
    'add the host to "network" in guesthouse.json, or pass --network internet',
  );
});

Deno.test("NetworkRecord stops writing before a guest fills the host's disk, and hides nothing allowed", () => {
  const lines: string[] = [];
  const record = new NetworkRecord((line) => lines.push(line));
  for (let port = 1; port <= 5000; port++) {
    record.add({ verdict: "refused", target: `a.example:${port}`, why: "not in the list" });
  }
  assertEquals(lines.length, 2001);
  assertEquals(lines.at(-1), "network: more was missed than is listed here");
  record.add({ verdict: "allowed", target: "b.example:443", address: "1.1.1.1" });
  assertEquals(lines.at(-1), "network: allowed: b.example:443 (1.1.1.1)");
  for (let number = 1; number <= 60_000; number++) {
    record.add({ verdict: "allowed", target: `${number}.example:443`, address: "1.1.1.1" });
  }
  assertEquals(lines.length, 2001 + 50_001);
});
