import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { GuestError } from "../base/errors.ts";
import { imagesFolder } from "../image/platform/image_testing.ts";
import { ensurePart, partDigest, partPath } from "../image/parts/part_store.ts";
import type { MicroFiles } from "./micro_files.ts";
import { checkFiles } from "./micro_warm.ts";

/** Puts a file in its place as a build of its part does. */
async function place(output: string, content: string): Promise<void> {
  await ensurePart({
    title: output,
    outputs: [output],
    inputs: [{ name: "content", value: content }],
    build: (dir) => Deno.writeTextFile(join(dir, output), content),
  }, { signal: new AbortController().signal, onPhase: () => {}, log: () => {} });
}

Deno.test("checkFiles() names the file that is another one than the snapshot is named for", async () => {
  await using _images = await imagesFolder();
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
  await checkFiles({ files }, kinds, "Cannot save it");
  for (const kind of kinds) {
    await place(names[kind], "after");
    const error = await assertRejects(
      () => checkFiles({ files }, [kind], "Cannot save it"),
      GuestError,
    );
    assertEquals(error.message, `Cannot save it: its ${kind} is being replaced`);
    await place(names[kind], "before");
  }
  await checkFiles({ files }, kinds, "Cannot save it");
});
