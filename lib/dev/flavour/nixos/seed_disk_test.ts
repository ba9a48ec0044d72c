import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { findProgram } from "../../../base/process/find_program.ts";
import { $ } from "../../../base/process/dollar.ts";
import { makeSeedDisk } from "./seed_disk.ts";

Deno.test({
  name: "makeSeedDisk() has the configuration, this host's settings, the host key and the script",
  ignore: findProgram("mke2fs") === undefined || findProgram("debugfs") === undefined,
  fn: async () => {
    const dir = await Deno.makeTempDir();
    const path = join(dir, "seed.img");
    try {
      await makeSeedDisk({
        path,
        config: { name: "mine", user: "me", share: { name: "p" } },
        guestIds: { uid: 1234, gid: 1234 },
        authorizedKeys: ["ssh-ed25519 AAAA"],
        mount: undefined,
        keys: { hostSecret: "secret\n", hostPublic: "ssh-ed25519 BBBB" },
        signal: new AbortController().signal,
      });
      assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
      const read = (request: string) => $`debugfs -R ${request} ${path}`.text();
      assertStringIncludes(await read("show_super_stats -h"), "ARMDEV_SEED");
      assertEquals(await read("cat ssh_host_ed25519_key"), "secret");
      assertEquals(await read("cat ssh_host_ed25519_key.pub"), "ssh-ed25519 BBBB");
      assertStringIncludes(await read("cat nix/local.nix"), 'hostName = "mine"');
      assertStringIncludes(await read("cat nix/modules/ssh.nix"), "PasswordAuthentication");
      assertStringIncludes(await read("cat apply"), "nixos-rebuild boot");
      assertStringIncludes(await read("stat ssh_host_ed25519_key"), "Mode:  0600");
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
