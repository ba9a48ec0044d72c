import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { formatError, HostError } from "../base/errors.ts";
import { $ } from "../base/process/dollar.ts";
import { checkImage } from "./qcow2.ts";

async function withImage(use: (path: string) => Promise<void>) {
  const dir = await Deno.makeTempDir({ prefix: "gh-qcow2-" });
  try {
    const path = join(dir, "disk.qcow2");
    await $`qemu-img create -q -f qcow2 ${path} 64M`;
    await $`qemu-io -f qcow2 -c ${"write -P 1 0 4M"} ${path}`;
    await use(path);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const NAME = { name: "debian-amd64" };

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => promise, HostError);
  assertEquals(error.exit, 3);
  return formatError(error);
}

async function overwrite(path: string, offset: number, bytes: number[]) {
  using file = await Deno.open(path, { write: true });
  await file.seek(offset, Deno.SeekMode.Start);
  await file.write(new Uint8Array(bytes));
}

Deno.test("checkImage() accepts what qemu-img made", async () => {
  await withImage(async (path) => {
    assertEquals((await checkImage(path, NAME)).diskBytes, 64 << 20);
  });
});

Deno.test("checkImage() names the command that makes a missing image", async () => {
  assertEquals(
    await refusal(checkImage("/nonexistent/disk.qcow2", NAME)),
    'Cannot use the image of "debian-amd64": it does not exist\n' +
      "  image: /nonexistent/disk.qcow2\n" +
      "  next: deno task setup-images debian-amd64",
  );
});

Deno.test("checkImage() refuses a file that is not qcow2", async () => {
  await withImage(async (path) => {
    await Deno.writeTextFile(path, "<html>404</html>");
    assertEquals(
      await refusal(checkImage(path, NAME)),
      'Cannot use the image of "debian-amd64": the file is not in qcow2 format\n' +
        `  image: ${path}\n` +
        "  next: deno task setup-images debian-amd64 --force",
    );
  });
});

Deno.test("checkImage() refuses a cut-off image, a corrupt mark, and a directory", async () => {
  await withImage(async (path) => {
    await Deno.truncate(path, 0x20000);
    const cut = await refusal(checkImage(path, NAME));
    assertEquals(cut.split("\n")[0]?.includes("is cut off: it has 131072 bytes"), true, cut);
  });
  await withImage(async (path) => {
    await overwrite(path, 79, [2]);
    const marked = await refusal(checkImage(path, NAME));
    assertEquals(marked.includes("the file is marked as corrupt by QEMU"), true, marked);
  });
  const dir = await Deno.makeTempDir();
  try {
    const text = await refusal(checkImage(dir, NAME));
    assertEquals(text.includes("the file is no regular file"), true, text);
  } finally {
    await Deno.remove(dir);
  }
});
