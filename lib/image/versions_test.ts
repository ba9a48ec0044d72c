import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { createRun, writeRecord } from "../guest/runs.ts";
import { imagesFolder } from "./image_testing.ts";
import { trySharedLock } from "../host/lock.ts";
import { removeUnusedVersions } from "./versions.ts";

const [CURRENT, FORMER, OLDEST] = ["0123456789abcdef", "1111111111111111", "2222222222222222"];

/** Makes an image's folder with three versions and other things beside them. */
async function makeHome(images: string): Promise<string> {
  const home = join(images, "dist", 'debian-"test"\\');
  for (const name of [CURRENT, FORMER, OLDEST, "version-abc", "0123"]) {
    await Deno.mkdir(join(home, name), { recursive: true });
    await Deno.writeTextFile(join(home, name, "disk.qcow2"), "");
  }
  await Deno.writeTextFile(join(home, "3333333333333333"), "no folder");
  return home;
}

const namesIn = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();

const record = (id: string, imageDir: string) =>
  writeRecord({
    ...{ id, imageDir, platform: "debian-test", pid: 1, startTime: "1", sshPort: 2222 },
    ...{ user: "ci", accelerator: "tcg", memoryMiB: 1024, cores: 2, kept: false },
    ...{ started: "2026-11-01T10:00:00.000Z", console: "/logs/console.log" },
  });

Deno.test("removeUnusedVersions() removes former versions and nothing else", async () => {
  await using images = await imagesFolder();
  const home = await makeHome(images.path);
  await removeUnusedVersions(home, `${CURRENT}${"f".repeat(48)}`);
  assertEquals(await namesIn(home), ["0123", CURRENT, "3333333333333333", "version-abc"]);
});

Deno.test("removeUnusedVersions() keeps a version from which a guest runs", async () => {
  await using images = await imagesFolder();
  const home = await makeHome(images.path);
  const key = `${CURRENT}${"f".repeat(48)}`;
  {
    await using run = await createRun("debian-test");
    await record(run.id, join(home, FORMER));
    await using _unwritten = await createRun("debian-test");
    await removeUnusedVersions(home, key);
    assertEquals((await namesIn(home)).includes(FORMER), true);
    assertEquals((await namesIn(home)).includes(OLDEST), false);
  }
  await removeUnusedVersions(home, key);
  assertEquals((await namesIn(home)).includes(FORMER), false);
});

Deno.test("removeUnusedVersions() keeps a version that a task uses before it has a guest", async () => {
  await using images = await imagesFolder();
  const home = await makeHome(images.path);
  const key = `${CURRENT}${"f".repeat(48)}`;
  {
    await using _user = await trySharedLock(join(home, FORMER));
    await removeUnusedVersions(home, key);
    assertEquals((await namesIn(home)).includes(FORMER), true);
  }
  await removeUnusedVersions(home, key);
  assertEquals((await namesIn(home)).includes(FORMER), false);
});
