import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { HostError } from "../errors.ts";
import {
  atomicWrite,
  listTemporary,
  removeStale,
  sweepTemporary,
  tryAtomicWrite,
} from "./atomic_write.ts";

async function tempDir(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "guesthouse-atomic-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const namesIn = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();

Deno.test("atomicWrite() writes text, bytes and what a callback writes", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "image.hash");
  await atomicWrite(path, "text");
  assertEquals(await Deno.readTextFile(path), "text");
  await atomicWrite(path, new Uint8Array([104, 105]));
  assertEquals(await Deno.readTextFile(path), "hi");
  await atomicWrite(path, (tmpPath) => Deno.writeTextFile(tmpPath, "called"));
  assertEquals(await Deno.readTextFile(path), "called");
  assertEquals(await namesIn(dir.path), ["image.hash"]);
});

Deno.test("tryAtomicWrite() changes nothing, and throws where a write would", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "page.html");
  await tryAtomicWrite(path);
  assertEquals(await namesIn(dir.path), []);
  await atomicWrite(path, "old");
  await tryAtomicWrite(path);
  assertEquals([await namesIn(dir.path), await Deno.readTextFile(path)], [["page.html"], "old"]);
  for (const lost of [join(path, "x"), join(dir.path, "lost/x"), join(dir.path, "x".repeat(250))]) {
    const why = await assertRejects(() => tryAtomicWrite(lost), Error);
    await assertRejects(() => atomicWrite(lost, ""), Error, why.message.split(":")[0]);
  }
});

Deno.test("atomicWrite() gives the file the mode asked for", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "key");
  await atomicWrite(path, "secret", { mode: 0o600 });
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("atomicWrite() keeps the old file and leaves nothing when writing fails", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "disk.qcow2");
  await atomicWrite(path, "old");
  await assertRejects(
    () =>
      atomicWrite(path, async (tmpPath) => {
        await Deno.writeTextFile(tmpPath, "half");
        throw new Error("qemu-img failed");
      }),
    Error,
    "qemu-img failed",
  );
  assertEquals(await Deno.readTextFile(path), "old");
  assertEquals(await namesIn(dir.path), ["disk.qcow2"]);
});

Deno.test("atomicWrite() shows no file of that name before it is whole", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "disk.qcow2");
  await atomicWrite(path, async (tmpPath) => {
    const [name] = await namesIn(dir.path);
    assertMatch(name!, new RegExp(`^\\.disk\\.qcow2\\.tmp-${Deno.pid}-[0-9a-f]{12}$`));
    await Deno.writeTextFile(tmpPath, "whole");
  });
});

Deno.test("atomicWrite() says what the host lacks if files cannot be locked, and leaves nothing", async () => {
  await using dir = await tempDir();
  const { prototype } = Deno.FsFile;
  const { lock } = prototype;
  prototype.lock = () => Promise.reject(new Error("No locks available (os error 37)"));
  try {
    await assertRejects(() => atomicWrite(join(dir.path, "x"), "x"), HostError, "Cannot lock ");
  } finally {
    prototype.lock = lock;
  }
  assertEquals(await namesIn(dir.path), []);
});

Deno.test("removeStale() spares a write in progress, here and in another process", async () => {
  await using dir = await tempDir();
  await atomicWrite(join(dir.path, "x"), async (tmpPath) => {
    assertEquals(await listTemporary(dir.path), [tmpPath]);
    assertEquals(await removeStale(tmpPath), false);
    await Deno.writeTextFile(tmpPath, "x");
  });
  await using writer = await startWriter(dir.path);
  await sweepTemporary(dir.path);
  const [left = ""] = await listTemporary(dir.path);
  assertEquals(await removeStale(left), false);
  assertEquals((await namesIn(dir.path)).length, 2);
  // Killed without a chance to clean up, as by `kill -9` or the OOM killer.
  writer.process.kill("SIGKILL");
  await writer.process.status;
  assertMatch(left, new RegExp(`/\\.y\\.tmp-${writer.process.pid}-[0-9a-f]{12}$`));
  assertEquals(await removeStale(left), true);
  assertEquals(await removeStale(left), false, "it is gone");
  assertEquals(await namesIn(dir.path), ["x"]);
});

Deno.test("sweepTemporary() leaves other names alone and takes a missing directory for empty", async () => {
  await using dir = await tempDir();
  const others = [".x.tmp", "x.tmp-1-0123456789ab", ".x.tmp-1-0123", ".x.tmp-p-0123456789ab"];
  for (const name of others) await Deno.writeTextFile(join(dir.path, name), "");
  await Deno.writeTextFile(join(dir.path, ".a\nb.tmp-1-0123456789ab"), "");
  await sweepTemporary(dir.path);
  assertEquals(await namesIn(dir.path), others.sort());
  await sweepTemporary(join(dir.path, "missing"));
  assertEquals(await listTemporary(join(dir.path, "missing")), []);
});

/** Another process in the middle of an atomicWrite() of `y`, which never ends on its own. */
async function startWriter(dir: string): Promise<{ process: Deno.ChildProcess } & AsyncDisposable> {
  const module = new URL("./atomic_write.ts", import.meta.url).href;
  const script = `
    const { atomicWrite } = await import(${JSON.stringify(module)});
    await atomicWrite(Deno.args[0] + "/y", async () => {
      console.log("writing");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["eval", script, dir],
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  assertEquals(new TextDecoder().decode(value), "writing\n");
  await reader.cancel();
  return {
    process,
    async [Symbol.asyncDispose]() {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended, as the test wants.
      }
      await process.status;
    },
  };
}
