import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { GuestError } from "../base/errors.ts";
import { makeImagesDir } from "../image/platform/image_testing.ts";
import { ensurePart, partDigest, partPath } from "../image/parts/part_store.ts";
import { elfHeader } from "../image/format/elf_testing.ts";
import { checkFiles, kernelArch, type MicroFiles } from "./micro_files.ts";

/** Puts a file in its place as a build of its part does. */
async function place(output: string, content: string): Promise<void> {
  await ensurePart({
    title: output,
    outputs: [output],
    inputs: [{ name: "content", value: content }],
    build: (dir) => Deno.writeTextFile(join(dir, output), content),
  }, { signal: new AbortController().signal, onPhase: () => {}, log: () => {} });
}

Deno.test("checkFiles() names a file that differs from the snapshot's", async () => {
  await using _images = await makeImagesDir();
  const names = { kernel: "x-kernel", initramfs: "x-initramfs", disk: "x-disk" };
  for (const name of Object.values(names)) await place(name, "before");
  const digestOf = async (name: string) => await partDigest(name) ?? "";
  const files: MicroFiles = {
    ...{ kernelChoice: "micro", diskName: names.disk, kernel: partPath(names.kernel) },
    ...{ initramfs: partPath(names.initramfs), disk: partPath(names.disk) },
    digests: {
      kernel: await digestOf(names.kernel),
      initramfs: await digestOf(names.initramfs),
      disk: await digestOf(names.disk),
    },
  };
  const kinds = ["kernel", "initramfs", "disk"] as const;
  await checkFiles(files, kinds, "Cannot save it");
  for (const kind of kinds) {
    await place(names[kind], "after");
    const error = await assertRejects(
      () => checkFiles(files, [kind], "Cannot save it"),
      GuestError,
    );
    assertEquals(error.message, `Cannot save it: its ${kind} is being replaced`);
    await place(names[kind], "before");
  }
  await checkFiles(files, kinds, "Cannot save it");
});

Deno.test("kernelArch() reads a kernel's architecture, and does not guess", () => {
  const head = (at: number, text: string) => {
    const bytes = new Uint8Array(1024);
    bytes.set(new TextEncoder().encode(text), at);
    return bytes;
  };
  assertEquals(kernelArch(elfHeader({ bits: 64, machine: 62 })), "x86_64");
  assertEquals(kernelArch(elfHeader({ bits: 64, machine: 183 })), "aarch64");
  assertEquals(kernelArch(head(0x202, "HdrS")), "x86_64");
  assertEquals(kernelArch(head(56, "ARMd")), "aarch64");
  for (const bytes of [new Uint8Array(), new Uint8Array(59), new Uint8Array(1024)]) {
    assertEquals(kernelArch(bytes), "no machine that is known");
  }
  // Cut off before its mark.
  assertEquals(kernelArch(head(0x202, "HdrS").subarray(0, 0x204)), "no machine that is known");
});
