import { assertEquals } from "@std/assert";
import { $ } from "../../../base/process/dollar.ts";
import { bsdSeed } from "./bsd_seed.ts";

const SEED = {
  hostKey: { secret: "secret\n", public: "public\n" },
  authorizedKeys: "key\n",
  hostname: "freebsd-amd64",
  certificates: "",
  user: "ci",
};

/** What tar lists of the archive. */
async function listed(archive: Uint8Array): Promise<string[]> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, archive);
    const text = await $`tar --list --verbose --numeric-owner --file ${path}`.text();
    return text.trim().split("\n").map((line) => {
      const words = line.split(/\s+/);
      return `${words[0]} ${words[1]} ${words.at(-1)}`;
    });
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("bsdSeed() has the keys of a run, which nobody but root can read where they are secret", async () => {
  assertEquals(await listed(bsdSeed(SEED, "usr/local/etc/sudoers.d")), [
    "-rw------- 0/0 etc/ssh/ssh_host_ed25519_key",
    "-rw-r--r-- 0/0 etc/ssh/ssh_host_ed25519_key.pub",
    "-rw-r--r-- 0/0 etc/ssh/authorized_keys.d/ci",
    "-rw-r--r-- 0/0 etc/guesthouse-hostname",
    "-r--r----- 0/0 usr/local/etc/sudoers.d/guesthouse-proxy",
  ]);
  const trusted = bsdSeed({ ...SEED, certificates: "PEM\n" }, "usr/pkg/etc/sudoers.d");
  assertEquals((await listed(trusted)).at(-1), "-rw-r--r-- 0/0 etc/guesthouse-certificates.pem");
});
