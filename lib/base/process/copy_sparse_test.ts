import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { copySparse } from "./copy_sparse.ts";

const { signal } = new AbortController();

Deno.test("copySparse() copies bytes, holes and permissions, small and large", async () => {
  const dir = await Deno.makeTempDir();
  const [from, to] = [join(dir, "from"), join(dir, "to")];
  try {
    await Deno.writeTextFile(from, "begin", { mode: 0o751 });
    await Deno.truncate(from, 64 * 2 ** 20);
    await Deno.writeTextFile(from, "end", { append: true });
    await copySparse(from, to, signal);
    const [source, copy] = await Promise.all([Deno.readFile(from), Deno.readFile(to)]);
    assert(source.length === copy.length && source.every((byte, at) => copy[at] === byte));
    const { mode, blocks } = await Deno.stat(to);
    assertEquals(mode! & 0o777, 0o751);
    if (Deno.build.os === "linux") assert(blocks! * 512 < 8 * 2 ** 20, `${blocks} blocks`);
    // Over what was there, also where that was longer.
    await Deno.writeTextFile(from, "short");
    await copySparse(from, to, signal);
    assertEquals(await Deno.readTextFile(to), "short");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("copySparse() stops when it is aborted", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(dir, "from"), "x");
    for (const size of [1, 64 * 2 ** 20]) {
      await Deno.truncate(join(dir, "from"), size);
      const aborted = AbortSignal.abort(new Error("enough"));
      const copy = () => copySparse(join(dir, "from"), join(dir, "to"), aborted);
      await assertRejects(copy, Error, "enough");
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
