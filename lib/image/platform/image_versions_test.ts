import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { createRun, writeRecord } from "../../guest/runs.ts";
import { makeImagesDir } from "./image_testing.ts";
import { trySharedLock } from "../../base/files/lock.ts";
import { $ } from "../../base/process/dollar.ts";
import { imageHome, versionLock } from "./current.ts";
import { removeFormerVersions } from "./image_versions.ts";

const [CURRENT, FORMER, OLDEST] = [
  "0123456789abcdef-0000000000000000",
  // Of the same recipe, with other bytes.
  "0123456789abcdef-1111111111111111",
  // As former versions of guesthouse named them, without a lock of their own.
  "2222222222222222",
];
const NAME = 'debian-"test"\\';

/** Makes an image's directory with three versions and other things beside them. */
async function makeHome(): Promise<string> {
  const home = imageHome(NAME);
  for (const name of [CURRENT, FORMER, OLDEST, "version-abc", "0123"]) {
    await Deno.mkdir(join(home, name), { recursive: true });
    await Deno.writeTextFile(join(home, name, "disk.qcow2"), "");
    if (name !== OLDEST) await Deno.writeTextFile(versionLock(join(home, name)), "");
  }
  await Deno.writeTextFile(join(home, "3333333333333333"), "no directory");
  await $`ln -s ${CURRENT} ${join(home, "current")}`;
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

Deno.test("removeFormerVersions() removes former versions and nothing else", async () => {
  await using _images = await makeImagesDir();
  const home = await makeHome();
  await removeFormerVersions(NAME);
  assertEquals(await namesIn(home), [
    "0123",
    CURRENT,
    "3333333333333333",
    "current",
    "version-abc",
  ]);
});

Deno.test("removeFormerVersions() keeps a version from which a guest runs", async () => {
  await using images = await makeImagesDir();
  const home = await makeHome();
  {
    await using guest = await createRun("debian-test");
    // Its task has reached the images by another path.
    await $`ln -s ${home} ${join(images.path, "link")}`;
    await record(guest.id, join(images.path, "link", FORMER));
    await using unwritten = await createRun("debian-test");
    await Deno.writeTextFile(join(unwritten.dir, "run.json"), '{"imageDir": "\\');
    await removeFormerVersions(NAME);
    assertEquals((await namesIn(home)).includes(FORMER), true);
    assertEquals((await namesIn(home)).includes(OLDEST), false);
  }
  await removeFormerVersions(NAME);
  assertEquals((await namesIn(home)).includes(FORMER), false);
});

Deno.test("removeFormerVersions() keeps a version that a task uses before it has a guest", async () => {
  await using _images = await makeImagesDir();
  const home = await makeHome();
  {
    await using _user = await trySharedLock(versionLock(join(home, FORMER)));
    await using _other = await trySharedLock(join(home, OLDEST));
    await removeFormerVersions(NAME);
    assertEquals((await namesIn(home)).filter((name) => /^[02]/.test(name)), [
      ...["0123", CURRENT, FORMER, OLDEST],
    ]);
  }
  await removeFormerVersions(NAME);
  assertEquals((await namesIn(home)).includes(FORMER), false);
});
