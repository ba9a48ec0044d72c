import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { formatError, TaskError } from "../../base/errors.ts";
import { $ } from "../../base/process/dollar.ts";
import { haveProgram, sandbox } from "../../base/host_testing.ts";
import { moduleFile, namesOf, writeModules } from "../format/elf_testing.ts";
import { findBuiltin, findModules, loadOrder, parseModinfo } from "./modules.ts";

/** The load order in a directory with these modules, by path below `kernel/`. */
async function orderOf(
  wanted: string[],
  modules: Record<string, string[]>,
  lists: { alias?: string; builtin?: string } = {},
): Promise<string[]> {
  await using box = await sandbox();
  await writeModules(box.path, modules, lists);
  const [available, builtin] = [await findModules(box.path), await findBuiltin(box.path)];
  return namesOf(await loadOrder(wanted, available, builtin));
}

const infos: [string[], string[], string[]][] = [
  [["depends="], [], []],
  [["license=GPL"], [], []],
  [["depends=virtio,virtio_ring"], ["virtio", "virtio_ring"], []],
  [["depends=snd-pcm"], ["snd_pcm"], []],
  [["softdep=pre: crc32c"], [], ["crc32c"]],
  [["softdep=pre: aes-x86 sha256 post: late"], [], ["aes_x86", "sha256"]],
  [["softdep=post: late pre: early"], [], ["early"]],
  [["softdep=post: late"], [], []],
  [["depends=a", "softdep=pre: b", "softdep=pre: c"], ["a"], ["b", "c"]],
  [["xdepends=a", "description=depends=b"], [], []],
];
for (const [info, depends, softPre] of infos) {
  Deno.test(`parseModinfo() reads ${JSON.stringify(info)}`, () => {
    const path = "/lib/modules/6.1/kernel/a-b.ko";
    const module = parseModinfo(path, moduleFile("alias=x", ...info, "name=a_b"));
    assertEquals(module, { name: "a_b", path, depends, softPre });
  });
}

Deno.test("parseModinfo() refuses a file that is not an ELF file", () => {
  assertThrows(() => parseModinfo("x.ko", new Uint8Array(64)), SyntaxError, "Not an ELF file");
});

Deno.test("findModules() gives each file below kernel/ by the name that lsmod shows", async () => {
  await using box = await sandbox();
  await writeModules(box.path, { "fs/ext4/ext4.ko": [], "drivers/virtio/virtio-mmio.ko": [] });
  await Deno.writeTextFile(join(box.path, "kernel/fs/README"), "no module");
  assertEquals(
    await findModules(box.path),
    new Map([
      ["ext4", join(box.path, "kernel/fs/ext4/ext4.ko")],
      ["virtio_mmio", join(box.path, "kernel/drivers/virtio/virtio-mmio.ko")],
    ]),
  );
});

Deno.test("findBuiltin() reads the names in modules.builtin", async () => {
  await using box = await sandbox();
  const builtin = "kernel/fs/ext4/ext4.ko\nkernel/crypto/crc32c-generic.ko\n";
  await writeModules(box.path, {}, { builtin });
  assertEquals(await findBuiltin(box.path), new Set(["ext4", "crc32c_generic"]));
});

Deno.test("loadOrder() puts each module after what it needs, and each once", async () => {
  const order = await orderOf(["net", "block"], {
    "net.ko": ["depends=failover,virtio"],
    "block.ko": ["depends=virtio"],
    "failover.ko": ["depends="],
    "virtio.ko": ["depends=ring"],
    "ring.ko": [],
    "unrelated.ko": [],
  });
  assertEquals(order, ["failover", "ring", "virtio", "net", "block"]);
});

Deno.test("loadOrder() puts soft dependencies first, and does without missing ones", async () => {
  const order = await orderOf(["ext4"], {
    "ext4.ko": ["depends=jbd2", "softdep=pre: crc32c_generic not_there"],
    "jbd2.ko": [],
    "crc32c_generic.ko": ["depends=crc_core"],
    "crc_core.ko": [],
  });
  assertEquals(order, ["crc_core", "crc32c_generic", "jbd2", "ext4"]);
});

// As in Debian's generic kernels of both architectures (6.1): several modules provide "crc32c".
const CRC32C = {
  alias: `# Aliases extracted from modules themselves.
alias crc32c crc32c_intel
alias crypto-crc32c crc32c_intel
alias crc32c crc32c_generic
alias crypto-crc32c-generic crc32c_generic
alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci
`,
};

Deno.test("loadOrder() follows the alias of a soft dependency to what every CPU can run", async () => {
  const modules = {
    "ext4.ko": ["depends=", "softdep=pre: crc32c"],
    "crc32c-intel.ko": [],
    "crc32c_generic.ko": [],
  };
  assertEquals(await orderOf(["ext4"], modules, CRC32C), ["crc32c_generic", "ext4"]);
});

Deno.test("loadOrder() loads a module once that goes by its name and by an alias", async () => {
  const modules = {
    "ext4.ko": ["depends=libcrc32c", "softdep=pre: crc32c"],
    "libcrc32c.ko": ["softdep=pre: crypto-crc32c-generic"],
    "crc32c_generic.ko": [],
  };
  const order = await orderOf(["crc32c_generic", "ext4"], modules, CRC32C);
  assertEquals(order, ["crc32c_generic", "libcrc32c", "ext4"]);
});

Deno.test("findModules() prefers a module of that name to an alias", async () => {
  await using box = await sandbox();
  const alias = "alias ext3 ext4\nalias ext2 ext4\n";
  await writeModules(box.path, { "ext4.ko": [], "ext2.ko": [] }, { alias });
  const found = await findModules(box.path);
  assertEquals(found.get("ext2"), join(box.path, "kernel/ext2.ko"));
  assertEquals(found.get("ext3"), join(box.path, "kernel/ext4.ko"));
});

Deno.test("loadOrder() leaves out what is built into the kernel", async () => {
  const modules = { "net.ko": ["depends=virtio", "softdep=pre: crc"], "virtio.ko": [] };
  const builtin = "kernel/virtio.ko\nkernel/fs/ext4.ko\nkernel/lib/crc.ko\n";
  assertEquals(await orderOf(["ext4", "net"], modules, { builtin }), ["net"]);
});

Deno.test("loadOrder() says which module is missing, and what needs it", async () => {
  const direct = await assertRejects(() => orderOf(["virtio_blk"], {}), TaskError);
  assertEquals(
    formatError(direct),
    'Cannot build the initramfs: kernel module "virtio_blk" is missing',
  );
  assertEquals(direct.exit, 1);
  const needed = await assertRejects(() => orderOf(["a"], { "a.ko": ["depends=b-c"] }), TaskError);
  assertEquals(
    formatError(needed),
    'Cannot build the initramfs: kernel module "b_c" is missing\n  needed by: a',
  );
});

const circles: [string, Record<string, string[]>, string[]][] = [
  ["itself", { "a.ko": ["depends=a"] }, ["a"]],
  ["each other", { "a.ko": ["depends=b"], "b.ko": ["depends=a"] }, ["b", "a"]],
  ["each other softly", {
    "a.ko": ["softdep=pre: b"],
    "b.ko": ["softdep=pre: c"],
    "c.ko": ["softdep=pre: a"],
  }, ["c", "b", "a"]],
];
for (const [what, modules, wanted] of circles) {
  Deno.test(`loadOrder() ends if modules need ${what}`, async () => {
    assertEquals(await orderOf(["a"], modules), wanted);
  });
}

Deno.test({
  name: "findModules() reads the aliases that the real depmod writes",
  ignore: !haveProgram("depmod"),
  async fn() {
    await using box = await sandbox();
    const versionDir = join(box.path, "lib/modules/6.1.0-test");
    await writeModules(versionDir, {
      "fs/ext4.ko": ["depends=", "softdep=pre: crc32c", "name=ext4"],
      "crypto/crc32c_generic.ko": ["alias=crc32c", "alias=crypto-crc32c", "name=crc32c_generic"],
    });
    await Deno.writeTextFile(join(versionDir, "modules.order"), "");
    const { code, stderr } = await $`depmod -b ${box.path} 6.1.0-test`.noThrow();
    assertEquals(code, 0, stderr);
    const order = await loadOrder(["ext4"], await findModules(versionDir), new Set());
    assertEquals(namesOf(order), ["crc32c_generic", "ext4"]);
  },
});
