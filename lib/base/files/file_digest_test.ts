import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { sparseDigest } from "./file_digest.ts";

const MIB = 1 << 20;

/** A file of 4 MiB with some bytes in its second and its last MiB. */
async function sparseFile(dir: string, name: string, text = "data"): Promise<string> {
  const path = join(dir, name);
  using file = await Deno.open(path, { write: true, create: true });
  await file.truncate(4 * MIB);
  for (const offset of [MIB + 5, 4 * MIB - 10]) {
    await file.seek(offset, Deno.SeekMode.Start);
    await file.write(new TextEncoder().encode(text));
  }
  return path;
}

Deno.test("sparseDigest() does not depend on which zeros are known", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = await sparseFile(dir, "a");
    const whole = await sparseDigest(path);
    for (
      const extents of [
        [{ start: MIB, length: 4096 }, { start: 4 * MIB - 4096, length: 4096 }],
        [{ start: MIB + 5, length: 4 }, { start: 4 * MIB - 10, length: 4 }],
        [{ start: 0, length: 4 * MIB }],
        [{ start: MIB, length: 10 }, { start: MIB + 4096, length: 10 }, {
          start: 3 * MIB,
          length: MIB,
        }],
      ]
    ) assertEquals(await sparseDigest(path, extents), whole);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("sparseDigest() sees a byte, a place and a length", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const digest = await sparseDigest(await sparseFile(dir, "a"));
    assertNotEquals(await sparseDigest(await sparseFile(dir, "b", "date")), digest);
    const longer = await sparseFile(dir, "c");
    await Deno.truncate(longer, 5 * MIB);
    assertNotEquals(await sparseDigest(longer), digest);
    const moved = join(dir, "d");
    const bytes = await Deno.readFile(await sparseFile(dir, "e"));
    await Deno.writeFile(
      moved,
      new Uint8Array([...bytes.subarray(MIB), ...bytes.subarray(0, MIB)]),
    );
    assertNotEquals(await sparseDigest(moved), digest);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
