import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { requireHostStore, withHostStore } from "./host_store.ts";
import { makeShare } from "./make_share.ts";
import { withShareRequest } from "./share_testing.ts";

Deno.test("withHostStore() lets the guest read the store beside the project", async () => {
  await withShareRequest("9p", async (request, dir) => {
    const share = await makeShare(request);
    const { signal } = request;
    const both = withHostStore(share, { user: "armdev", dir, signal });
    assertEquals(both.qemuArgs(), [
      ...share.qemuArgs(),
      "-fsdev",
      `local,id=store0,path=${dir},security_model=none,multidevs=remap,readonly=on`,
      ...["-device", "virtio-9p-pci,fsdev=store0,mount_tag=host-store"],
    ]);
    await assertRejects(() => both.beforeStart(), HostError, "this host has none");
  });
});

Deno.test("requireHostStore() says what a host without Nix lacks", async () => {
  await withShareRequest("9p", async (_request, dir) => {
    const first = await assertRejects(() => requireHostStore(dir), HostError);
    assertEquals([first.exit, first.details], [3, [`missing: ${join(dir, "store")}`]]);
    await Deno.mkdir(join(dir, "store"));
    const second = await assertRejects(() => requireHostStore(dir), HostError);
    assertEquals(second.details, [`missing: ${join(dir, "var/nix/db/db.sqlite")}`]);
    await Deno.mkdir(join(dir, "var/nix/db"), { recursive: true });
    await Deno.writeTextFile(join(dir, "var/nix/db/db.sqlite"), "");
    await requireHostStore(dir);
  });
});
