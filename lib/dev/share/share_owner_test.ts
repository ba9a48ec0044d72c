import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../../base/process/dollar.ts";
import { chooseOwnership, namespaceWrapper } from "./share_owner.ts";

Deno.test("chooseOwnership() passes files on as they are between equal users", async () => {
  const same = await chooseOwnership({ uid: 1000, gid: 100 }, { uid: 1000, gid: 1000 });
  assertEquals(same, { kind: "same" });
});

Deno.test("chooseOwnership() records owners where there are no user namespaces", async () => {
  const host = { uid: 501, gid: 20 };
  const guest = { uid: 1000, gid: 1000 };
  assertEquals(await chooseOwnership(host, guest, { os: "darwin" }), { kind: "recorded" });
});

Deno.test("namespaceWrapper() maps this user's files to the guest's user, both ways", async () => {
  const guest = { uid: 4711, gid: 4712 };
  const host = { uid: Deno.uid() ?? 0, gid: 0 };
  const ownership = await chooseOwnership(host, guest);
  // A container may forbid it, which is then the answer.
  if (ownership.kind !== "namespace") return assertEquals(ownership, { kind: "recorded" });
  assertEquals(ownership.wrapper, namespaceWrapper(guest));
  const dir = await Deno.makeTempDir({ prefix: "gh-owner-" });
  try {
    await Deno.writeTextFile(join(dir, "host"), "");
    const script = 'touch "$0/guest" && stat -c "%u %g" "$0/guest" "$0/host"';
    const { stdout } = await $`${ownership.wrapper} sh -c ${script} ${dir}`;
    assertEquals(stdout, "4711 4712\n4711 4712\n");
    const [made, ours] = await Promise.all(
      ["guest", "host"].map((name) => Deno.stat(join(dir, name))),
    );
    assertEquals([made?.uid, made?.gid], [ours?.uid, ours?.gid]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
