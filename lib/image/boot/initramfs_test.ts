import { assertEquals } from "@std/assert";
import { sandbox } from "../../base/host_testing.ts";
import { readCpio } from "../format/cpio_testing.ts";
import { namesOf, writeModules } from "../format/elf_testing.ts";
import { bootModules, buildInitramfs } from "./initramfs.ts";
import { findBuiltin, findModules, loadOrder } from "./modules.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined) => new TextDecoder().decode(data);

/** Members by name. */
const membersOf = (archive: Uint8Array) =>
  new Map(readCpio(archive).map((member) => [member.name, member]));

const octal = (mode: number | undefined) => mode?.toString(8);

Deno.test("buildInitramfs() packs tiny-init and the modules in the order of loading", async () => {
  await using box = await sandbox();
  await writeModules(box.path, {
    "drivers/virtio_blk.ko": ["depends=virtio"],
    "drivers/virtio.ko": [],
    "drivers/not-needed.ko": [],
  });
  const modules = await loadOrder(["virtio_blk"], await findModules(box.path), new Set());
  const members = membersOf(await buildInitramfs({ init: bytes("tiny-init"), modules }));
  assertEquals(text(members.get("init")?.data), "tiny-init");
  assertEquals(octal(members.get("init")?.mode), "100755");
  // tiny-init reads one name a line, to the last.
  assertEquals(text(members.get("modules/order")?.data), "virtio.ko\nvirtio_blk.ko\n");
  for (const { path } of modules) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    assertEquals(members.get(`modules/${name}`)?.data, await Deno.readFile(path));
  }
  assertEquals(members.has("modules/not-needed.ko"), false);
});

Deno.test("buildInitramfs() contains the console that the kernel opens before init runs", async () => {
  const members = membersOf(await buildInitramfs({ init: bytes("i"), modules: [] }));
  assertEquals(members.get("dev/console")?.device, [5, 1]);
  assertEquals(octal(members.get("dev/console")?.mode), "20600");
  assertEquals(members.get("dev/null")?.device, [1, 3]);
  assertEquals(text(members.get("modules/order")?.data), "");
});

Deno.test("buildInitramfs() puts each directory before what lies in it", async () => {
  const parts = { init: bytes("i"), modules: [] };
  const seen = new Set([""]);
  for (const { name } of readCpio(await buildInitramfs(parts))) {
    assertEquals(seen.has(name.split("/").slice(0, -1).join("/")), true, name);
    seen.add(name);
  }
});

Deno.test("bootModules() can be ordered for a kernel that has each as a module or built in", async () => {
  await using box = await sandbox();
  await writeModules(
    box.path,
    {
      "virtio_pci.ko": ["depends=virtio"],
      "virtio.ko": [],
      "virtio-mmio.ko": ["depends=virtio"],
      "virtio_blk.ko": ["depends=virtio"],
      "virtio_net.ko": ["depends=virtio,net_failover"],
      "net_failover.ko": [],
    },
    { builtin: "kernel/fs/ext4/ext4.ko\n" },
  );
  const order = await loadOrder(
    bootModules("x86_64"),
    await findModules(box.path),
    await findBuiltin(box.path),
  );
  assertEquals(
    namesOf(order),
    ["virtio", "virtio_pci", "virtio_mmio", "virtio_blk", "net_failover", "virtio_net"],
  );
});
