import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { HostError, InterruptedError } from "../base/errors.ts";
import { $ } from "../base/process/dollar.ts";
import { diskArgs } from "./args.ts";
import { createOverlay } from "./overlay.ts";
import { startPausedQemu } from "./qemu_testing.ts";

async function withBase(use: (base: string, dir: string) => Promise<void>) {
  const parent = await Deno.makeTempDir({ prefix: "gh-overlay-" });
  try {
    const dir = join(parent, "a:b, 'c' \"d\"\n-e");
    await Deno.mkdir(dir);
    const base = join(dir, "base.qcow2");
    await $`qemu-img create -q -f qcow2 ${base} 16M`;
    await use(base, dir);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

Deno.test("createOverlay() leaves the base unchanged, at any path", async () => {
  await withBase(async (base, dir) => {
    const before = await Deno.readFile(base);
    const path = join(dir, "over,lay.qcow2");
    {
      await using overlay = await createOverlay({ name: "x", backing: base, path });
      assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
      await using qemu = await startPausedQemu([
        ...["-machine", "q35"],
        ...diskArgs({ path: overlay.path, format: "qcow2", throwAway: true }),
      ]);
      const [disk] = await qemu.qmp.execute("query-block");
      assertEquals(disk?.inserted?.backing_file, base);
      await qemu.qmp.execute("human-monitor-command", {
        "command-line": 'qemu-io disk0 "write 0 64k"',
      });
      await qemu.qmp.execute("quit");
      await qemu.status;
    }
    assertEquals(await Deno.readFile(base), before);
    assertEquals(await exists(path), false);
  });
});

Deno.test("createOverlay() refuses a base with a backing file", async () => {
  await withBase(async (base, dir) => {
    await using first = await createOverlay({ name: "x", backing: base, path: join(dir, "1") });
    const error = await assertRejects(
      () => createOverlay({ name: "x", backing: first.path, path: join(dir, "2") }),
      HostError,
      'Cannot use the image of "x": it has a backing file itself',
    );
    assertEquals(error.next, "deno task setup-images x --force");
    assertEquals(await exists(join(dir, "2")), false);
  });
});

Deno.test("createOverlay() refuses to overwrite a file", async () => {
  await withBase(async (base, dir) => {
    const path = join(dir, "busy");
    await Deno.writeTextFile(path, "in use");
    await assertRejects(
      () => createOverlay({ name: "x", backing: base, path }),
      HostError,
      "exists already",
    );
    assertEquals(await Deno.readTextFile(path), "in use");
  });
});

Deno.test("createOverlay() leaves nothing behind when it is aborted", async () => {
  await withBase(async (base, dir) => {
    const path = join(dir, "never");
    const controller = new AbortController();
    const making = createOverlay({ name: "x", backing: base, path, signal: controller.signal });
    controller.abort(new InterruptedError());
    await assertRejects(() => making, InterruptedError);
    assertEquals(await exists(path), false);
  });
});

Deno.test("Overlay.release() keeps a sound file that names its backing format", async () => {
  await withBase(async (base, dir) => {
    const path = join(dir, "kept");
    {
      await using overlay = await createOverlay({ name: "x", backing: base, path });
      overlay.release();
    }
    const { stdout } = await $`qemu-img info --output=json -f qcow2 ${path}`;
    assertEquals(JSON.parse(stdout)["backing-filename-format"], "qcow2");
  });
});
