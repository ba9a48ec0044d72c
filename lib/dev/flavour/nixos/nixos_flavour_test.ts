import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { findProgram } from "../../../base/process/find_program.ts";
import { $ } from "../../../base/process/dollar.ts";
import type { PrepareRequest } from "../flavour.ts";
import { CONFIG, devSandbox } from "../../dev_testing.ts";
import { nixos, NIXOS_FILES } from "./nixos_flavour.ts";

async function withRequest(test: (request: PrepareRequest) => Promise<void>) {
  await using box = await devSandbox();
  await test({
    config: CONFIG,
    dir: box.path,
    keys: {
      clientKey: "/none",
      clientPublic: "ssh-ed25519 AAAA",
      hostSecret: "secret\n",
      hostPublic: "ssh-ed25519 BBBB",
    },
    guestIds: { uid: 1000, gid: 1000 },
    mount: undefined,
    signal: new AbortController().signal,
    onStep: () => {},
    log: () => {},
    force: false,
  });
}

Deno.test("nixos.prepare() keeps a disk that has its configuration", async () => {
  await withRequest(async (request) => {
    const disk = join(request.dir, "disk.qcow2");
    await Deno.writeTextFile(disk, "half an hour of work");
    await Deno.writeTextFile(join(request.dir, NIXOS_FILES.applied), "");
    await nixos.prepare(request);
    assertEquals(await Deno.readTextFile(disk), "half an hour of work");
    assertEquals((await nixos.boot(request)).moreDisks, undefined);
  });
});

Deno.test({
  name: "nixos.boot() brings the host's key if only that is missing, and the share's mount",
  ignore: findProgram("mke2fs") === undefined || findProgram("debugfs") === undefined,
  async fn() {
    await withRequest(async (request) => {
      await Deno.writeTextFile(join(request.dir, NIXOS_FILES.applied), "without key\n");
      const { moreDisks = [] } = await nixos.boot(request);
      const seed = join(request.dir, NIXOS_FILES.seed);
      assertStringIncludes(moreDisks.join(" "), seed);
      const { stdout } = await $`debugfs -R ${"cat nix/local.nix"} ${seed}`;
      // Nothing is mounted during init, but the guest lives on with this.
      assertStringIncludes(stdout, 'mode = "9p"');
    });
  },
});
