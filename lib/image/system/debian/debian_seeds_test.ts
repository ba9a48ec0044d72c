import { assertEquals, assertStringIncludes } from "@std/assert";
import { proxyVariables } from "../../../guest/proxy/proxy_environment.ts";
import { readCpio } from "../../format/cpio_testing.ts";
import { debianCommands } from "./debian_commands.ts";
import { debianSeeds, SUDOERS } from "./debian_seeds.ts";

const text = (data: Uint8Array) => new TextDecoder().decode(data);

const SEED = {
  hostKey: { secret: "-----BEGIN\n", public: "ssh-ed25519 AAAA" },
  authorizedKeys: "ssh-ed25519 BBBB\n",
  hostname: "shed",
  user: "builder",
  certificates: "",
};
const TRUSTING = { ...SEED, certificates: "-----BEGIN CERTIFICATE-----\n" };

Deno.test("debianSeeds.run() mirrors the root's tree, with the modes that sshd insists on", () => {
  const members = readCpio(debianSeeds.run(SEED));
  assertEquals(members.map(({ name, mode, data }) => [name, mode.toString(8), text(data)]), [
    ["seed", "40755", ""],
    ["seed/etc", "40755", ""],
    ["seed/etc/ssh", "40755", ""],
    ["seed/home", "40755", ""],
    ["seed/home/builder", "40755", ""],
    ["seed/home/builder/.ssh", "40700", ""],
    ["seed/etc/hostname", "100644", "shed\n"],
    [
      ...["seed/etc/hosts", "100644"],
      "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 shed\n",
    ],
    ["seed/etc/ssh/ssh_host_ed25519_key", "100600", "-----BEGIN\n"],
    ["seed/etc/ssh/ssh_host_ed25519_key.pub", "100644", "ssh-ed25519 AAAA"],
    ["seed/home/builder/.ssh/authorized_keys", "100600", "ssh-ed25519 BBBB\n"],
    ["seed/etc/sudoers.d", "40755", ""],
    ["seed/etc/sudoers.d/guesthouse-proxy", "100440", SUDOERS],
  ]);
});

Deno.test("debianSeeds.run() writes a file that sudo takes: root's, and not writable by others", () => {
  const [file] = readCpio(debianSeeds.run(SEED)).filter(({ name }) => name.includes("sudoers.d/"));
  assertEquals(file?.name, "seed/etc/sudoers.d/guesthouse-proxy");
  assertEquals([file!.mode & 0o777, file!.uid, file!.gid], [0o440, 0, 0]);
});

Deno.test("debianSeeds.run() has the host's certificates, and what adds them before SSH answers", () => {
  const plain = readCpio(debianSeeds.run(SEED)).map(({ name }) => name);
  const members = readCpio(debianSeeds.run(TRUSTING)).filter(({ name, mode }) =>
    !plain.includes(name) && (mode & 0o170000) === 0o100000
  );
  const own = "/usr/local/share/ca-certificates/guesthouse-host.crt";
  assertEquals(members.map(({ name }) => name), [
    `seed${own}`,
    "seed/etc/systemd/system/guesthouse-ssh.service.d/certificates.conf",
  ]);
  assertEquals(text(members[0]!.data), TRUSTING.certificates);
  assertStringIncludes(text(members[1]!.data), `cat ${own} >>${debianCommands.certificates}`);
});

Deno.test("sudo keeps all variables of the proxy", () => {
  const names = Object.keys(proxyVariables(1)).join(" ");
  assertEquals(SUDOERS, `Defaults env_keep += "${names}"\n`);
});

Deno.test("debianSeeds put each directory before what lies in it", async () => {
  for (const archive of [debianSeeds.run(TRUSTING), await debianSeeds.warm!.resume()]) {
    const seen = new Set([""]);
    for (const { name } of readCpio(archive)) {
      assertEquals(seen.has(name.split("/").slice(0, -1).join("/")), true, name);
      seen.add(name);
    }
    assertEquals(seen.size > 4, true, "the archive has directories and files");
  }
});
