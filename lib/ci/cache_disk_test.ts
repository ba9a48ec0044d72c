import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { haveProgram, type Sandbox, sandbox } from "../base/host_testing.ts";
import {
  CACHE_FILES,
  cacheDir,
  type CacheDiskOptions,
  openCacheDisk,
  readCacheRecord,
} from "./cache_disk.ts";

const RECORD = { project: "/p", platform: "debian-amd64", image: "ab".repeat(32), inUse: false };

Deno.test("readCacheRecord() takes what was written, and anything else for none", async () => {
  await using box = await sandbox();
  const readAs = async (value: unknown) => {
    await Deno.writeTextFile(join(box.path, CACHE_FILES.record), JSON.stringify(value));
    return await readCacheRecord(box.path);
  };
  assertEquals(await readAs(RECORD), RECORD);
  const damaged = [{ project: null }, { project: undefined }, { image: 1 }];
  for (const facts of [...damaged, { inUse: "no" }]) {
    assertEquals(await readAs({ ...RECORD, ...facts }), undefined, JSON.stringify(facts));
  }
  for (const value of [null, [], 1]) assertEquals(await readAs(value), undefined);
});

/** Opens a build cache as a build does, and says why it was created, if it was. */
async function open(box: Sandbox): Promise<string[]> {
  const notes: string[] = [];
  const options = {
    platform: { name: "x" },
    project: { name: "p", dir: box.path },
    image: { digest: "k" },
    guestDir: "/g",
    signal: new AbortController().signal,
    onNote: (text: string) => notes.push(text),
  } as unknown as CacheDiskOptions;
  await using _disk = await openCacheDisk(options);
  return notes;
}

const ignore = !haveProgram("mke2fs");

/** Writes into the file system's superblock, as a guest can. */
async function patch(path: string, at: number, bytes: readonly number[]): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.seek(1024 + at, Deno.SeekMode.Start);
  await file.write(new Uint8Array(bytes));
}

Deno.test({
  name: "openCacheDisk() runs no host program on data written by a guest",
  ignore,
  async fn() {
    await using box = await sandbox();
    for (const program of ["e2fsck", "fsck.ext4", "debugfs", "dumpe2fs", "tune2fs", "mount"]) {
      await box.script(program, `touch '${box.path.replaceAll("'", "'\\''")}/ran-${program}'`);
    }
    await using _path = await sandbox({
      ...{ PATH: `${box.path}:${Deno.env.get("PATH")}` },
      GUESTHOUSE_STATE: join(box.path, "state"),
    });
    assertEquals(await open(box), ["build cache: created (there was none)"]);
    assertEquals(await open(box), []);
    const names = await Array.fromAsync(Deno.readDir(box.path), ({ name }) => name);
    assertEquals(names.filter((name) => name.startsWith("ran-")), []);
  },
});

Deno.test({
  name: "openCacheDisk() replaces a disk that was not unmounted cleanly",
  ignore,
  async fn() {
    await using box = await sandbox();
    await open(box);
    const path = join(cacheDir("x", box.path), CACHE_FILES.disk);
    const faults: [at: number, bytes: number[], why: string][] = [
      [0x38, [0, 0], "its disk holds no file system"],
      [0x3a, [3, 0], "its file system has faults"],
      [0x3a, [0, 0], "its file system has faults"],
      // The features of a new one, and RECOVER.
      [0x60, [0xc6, 0x02, 0, 0], "its file system was not unmounted"],
    ];
    for (const [at, bytes, why] of faults) {
      await patch(path, at, bytes);
      assertEquals(await open(box), [`build cache: created (${why})`]);
      assertEquals(await open(box), []);
    }
  },
});
