import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { findProgram } from "../../../base/process/find_program.ts";
import { $ } from "../../../base/process/dollar.ts";
import { localNixText, type LocalSettings, writeLocalNix } from "./local_file.ts";

const settings: LocalSettings = {
  config: {
    name: "armdev",
    user: "dev",
    share: { name: "hello-cmake" },
  },
  guestIds: { uid: 501, gid: 20 },
  authorizedKeys: ['ssh-ed25519 AAAA say "${hi}" \\ me'],
  mount: { type: "9p", source: "share", options: ["trans=virtio", "msize=512000"] },
};

Deno.test("localNixText() sets this host's ids, keys and share", () => {
  assertEquals(
    localNixText(settings),
    `# Written by the arm-dev tasks from this host's settings; git ignores it.
{
  armDev = {
    hostName = "armdev";
    user = "dev";
    uid = 501;
    gid = 20;
    authorizedKeys = [
      "ssh-ed25519 AAAA say \\"\\\${hi}\\" \\\\ me"
    ];
    share = {
      name = "hello-cmake";
      mode = "9p";
      tag = "share";
      options = [
        "trans=virtio"
        "msize=512000"
      ];
    };
  };
}
`,
  );
});

Deno.test("localNixText() mounts nothing for a copy", () => {
  const text = localNixText({ ...settings, mount: undefined });
  assertEquals(/mode = "(.*)"/.exec(text)?.[1], "rsync");
  assertEquals(text.includes("tag"), false);
});

Deno.test({
  name: "writeLocalNix() writes a file that Nix reads, and only when it changes",
  ignore: findProgram("nix-instantiate") === undefined,
  fn: async () => {
    const dir = await Deno.makeTempDir();
    try {
      assertEquals(await writeLocalNix(settings, dir), true);
      assertEquals(await writeLocalNix(settings, dir), false);
      const path = join(dir, "local.nix");
      const command = ["nix-instantiate", "--store", "dummy://", "--eval", "--strict", "--json"];
      const { stdout, stderr } = await $`${command} ${path}`;
      assertEquals(stderr, "");
      assertEquals(JSON.parse(stdout).armDev.authorizedKeys, settings.authorizedKeys);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
