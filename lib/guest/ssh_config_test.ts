import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../base/errors.ts";
import { $ } from "../base/process/dollar.ts";
import { DIRECT_HOST, knownHostsLine, SHARED_HOST, sshConfigText } from "./ssh_config.ts";

const target = {
  host: "127.0.0.1",
  port: 40123,
  user: "ci",
  key: "/keys/client",
  knownHosts: "/run/known_hosts",
};

/** What a real ssh makes of a configuration. */
async function effective(config: string, host: string): Promise<Map<string, string>> {
  const dir = await Deno.makeTempDir({ prefix: "gh-config-" });
  try {
    const path = join(dir, "a config 'file'");
    await Deno.writeTextFile(path, config);
    const { stdout } = await $`ssh -G -F ${path} ${host}`;
    return new Map(
      stdout.split("\n").map((line) => {
        const at = line.indexOf(" ");
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("sshConfigText() pins the host key and leaves no other way in", async () => {
  const config = await effective(sshConfigText(target), DIRECT_HOST);
  const wanted = {
    hostname: "127.0.0.1",
    port: "40123",
    user: "ci",
    batchmode: "yes",
    identitiesonly: "yes",
    identityagent: "none",
    identityfile: "/keys/client",
    stricthostkeychecking: "true",
    userknownhostsfile: "/run/known_hosts",
    globalknownhostsfile: "/dev/null",
    hostkeyalias: "guesthouse-guest",
    preferredauthentications: "publickey",
    kexalgorithms: "curve25519-sha256",
    forwardagent: "no",
    setenv: "LANG=C.UTF-8",
    connecttimeout: "20",
    serveraliveinterval: "10",
    serveralivecountmax: "5",
  };
  for (const [key, value] of Object.entries(wanted)) assertEquals(config.get(key), value, key);
});

Deno.test("sshConfigText() lets the shared host use the shared connection or nothing", async () => {
  const text = sshConfigText(target, {
    controlPath: "/run/ssh",
    connectSeconds: 7,
    silentSeconds: 61,
  });
  const shared = await effective(text, SHARED_HOST);
  assertEquals(shared.get("controlpath"), "/run/ssh");
  assertEquals(shared.get("proxycommand"), "false");
  const direct = await effective(text, DIRECT_HOST);
  assertEquals([direct.get("controlpath"), direct.get("proxycommand")], [undefined, undefined]);
  assertEquals(direct.get("connecttimeout"), "7");
  assertEquals(direct.get("serveralivecountmax"), "7");
});

Deno.test("sshConfigText() passes odd paths to ssh unchanged", async () => {
  const odd = `/a b/'q' "d" \\ %h $HOME ~ #é`;
  const text = sshConfigText({ ...target, key: odd, knownHosts: odd });
  const config = await effective(text, DIRECT_HOST);
  // `ssh -G` shows some values before and some after it expands them.
  const shown = (key: string) => config.get(key)?.replaceAll("%%", "%");
  assertEquals([shown("identityfile"), shown("userknownhostsfile")], [odd, odd]);
});

Deno.test("sshConfigText() refuses a path that its syntax cannot hold", () => {
  for (const path of ["/a\nb", "/a${HOME}"]) {
    const error = assertThrows(
      () => sshConfigText({ ...target, key: path }),
      HostError,
      `Cannot use the path ${JSON.stringify(path)} with ssh`,
    );
    assertEquals(error.next?.includes("GUESTHOUSE_STATE"), true);
  }
});

Deno.test("knownHostsLine() pins a key under one name for every port", () => {
  assertEquals(knownHostsLine("ssh-ed25519 AAAA\n"), "guesthouse-guest ssh-ed25519 AAAA\n");
});
