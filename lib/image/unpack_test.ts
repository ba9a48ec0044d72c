import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { zstdCompressSync } from "node:zlib";
import { WorkError } from "../base/errors.ts";
import { unpackSparse } from "./unpack.ts";

const MIB = 1024 * 1024;
const { signal } = new AbortController();

async function inTempDir(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Data, zeros, data, zeros to the end. */
function sample(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(9 * MIB + 5);
  crypto.getRandomValues(bytes.subarray(0, 1000));
  crypto.getRandomValues(bytes.subarray(6 * MIB + 3, 6 * MIB + 60_003));
  return bytes;
}

for (const packed of [true, false]) {
  Deno.test(`unpackSparse() leaves holes for zeros, ${packed ? "packed" : "plain"}`, async () => {
    await inTempDir(async (dir) => {
      const bytes = sample();
      const from = join(dir, packed ? "disk.img.zst" : "disk.img");
      await Deno.writeFile(from, packed ? zstdCompressSync(bytes) : bytes);
      const seen: number[] = [];
      const to = join(dir, "out");
      await unpackSparse(from, to, { signal, onProgress: (count) => seen.push(count) });
      assertEquals(await Deno.readFile(to), bytes);
      assertEquals(seen.at(-1), bytes.length);
      const { blocks } = await Deno.stat(to);
      assert((blocks ?? 0) * 512 < MIB, `${blocks} blocks are on the disk`);
    });
  });
}

Deno.test("unpackSparse() reports invalid data", async () => {
  await inTempDir(async (dir) => {
    const from = join(dir, "disk.zst");
    await Deno.writeFile(from, new Uint8Array([1, 2, 3, 4]));
    const unpack = () => unpackSparse(from, join(dir, "out"), { signal });
    await assertRejects(unpack, WorkError, "its data is damaged");
  });
});
