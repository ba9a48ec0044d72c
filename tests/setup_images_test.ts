// Images without building any for minutes, through `deno task`. Starts no guest.
import { delay } from "@std/async";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { expandGlob } from "@std/fs";
import { dirname, join } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { keyOf } from "../lib/store/recipe.ts";
import { readSidecar, writeSidecar } from "../lib/store/sidecar.ts";
import { loadPlatform } from "../lib/config/platform.ts";
import { acquireLock } from "../lib/base/files/lock.ts";
import { IMAGE_FILES, platformsDir } from "../lib/base/files/paths.ts";
import { CURRENT } from "../lib/image/platform/current.ts";
import { imageRecipe, imageState } from "../lib/image/platform/platform_image.ts";
import { writeImageFiles } from "../lib/image/platform/image_testing.ts";
import { publishVersion } from "../lib/image/platform/publish_version.ts";
import { makeSandbox, processesNaming, type RunningTask, type Sandbox } from "./support/harness.ts";
import { copyImage } from "./support/made_again.ts";
import { assertFailure, documentOf, killHard } from "./support/outcome.ts";

const NAME = "debian-amd64";
const platform = await loadPlatform(platformsDir, NAME);
const recipe = await imageRecipe(platform);

/** An images directory of the sandbox's own. */
function ownImages(box: Sandbox): { home: string; env: Record<string, string> } {
  const dir = join(box.dir, "images/dist");
  return { home: join(dir, NAME), env: { GUESTHOUSE_IMAGES: dir } };
}

/** An image that is finished as far as anybody looks who does not start it. */
async function placeImage(home: string, from = recipe): Promise<string> {
  const staging = join(home, "version-test");
  await writeImageFiles(staging);
  return await publishVersion(home, staging, { name: NAME, recipe: from, kernelVersion: "6.1" });
}

/** The recipe as it was before one of its inputs changed, one came and one went. */
async function formerRecipe(): Promise<typeof recipe> {
  const inputs = recipe.inputs
    .filter(({ name }) => name !== "stage initramfs")
    .map((input) => input.name === "provisioning" ? { ...input, digest: recipe.key } : input)
    .concat({ name: "zzz", digest: recipe.key });
  return { key: await keyOf(inputs), inputs };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("setup-images builds nothing if the recipe has not changed", async () => {
  await using box = await makeSandbox();
  const { home, env } = ownImages(box);
  const dir = await placeImage(home);
  const outcome = await box.task("setup-images", [NAME, "--json"], { env });
  assertEquals(outcome.code, 0, outcome.stderr);
  const { ok, images: [image] } = documentOf(outcome);
  assertEquals([ok, image.name, image.built, image.key], [true, NAME, false, recipe.key]);
  assertEquals(image.reasons, []);
  assertEquals(await Deno.readTextFile(join(dir, IMAGE_FILES.disk)), "contents of disk\n");
  // Not even the lock was touched.
  assertEquals(await exists(join(home, "lock")), false);
});

Deno.test("setup-images --explain names each input that has changed, and builds nothing", async () => {
  await using box = await makeSandbox();
  const { home, env } = ownImages(box);
  await placeImage(home, await formerRecipe());
  const outcome = await box.task("setup-images", [NAME, "--explain"], { env });
  assertEquals([outcome.code, outcome.stderr], [0, ""]);
  assertEquals(
    outcome.stdout,
    [
      `${NAME}: stale`,
      "  provisioning changed",
      "  input stage initramfs is new",
      "  input zzz is gone",
      "",
    ].join("\n"),
  );
  const json = await box.task("setup-images", ["--explain", "--json"], { env });
  const { images } = documentOf(json);
  assertEquals(
    images.map(({ name, state }: Record<string, string>) => [name, state]),
    [[NAME, "stale"], ["debian-arm64", "missing"]],
  );
  assertEquals(images[0].reasons.length, 3);
});

Deno.test("setup-images --explain says why a damaged state counts as missing", async () => {
  await using box = await makeSandbox();
  const { home, env } = ownImages(box);
  const dir = await placeImage(home);
  const sidecar = join(dir, IMAGE_FILES.sidecar);
  const explain = async () => (await box.task("setup-images", [NAME, "--explain"], { env })).stdout;
  assertEquals(await explain(), `${NAME}: ready\n`);

  await Deno.writeTextFile(sidecar, (await Deno.readTextFile(sidecar)).slice(0, -10));
  assertStringIncludes(await explain(), `${NAME}: missing\n  ${sidecar} is damaged (`);

  await writeSidecar(sidecar, recipe);
  await Deno.remove(join(dir, "image.json"));
  assertStringIncludes(await explain(), `${NAME}: missing\n  ${dir} holds no whole image\n`);

  await Deno.remove(join(home, CURRENT));
  assertStringIncludes(
    await explain(),
    `no earlier build is recorded in ${join(home, CURRENT)}\n`,
  );
});

Deno.test("setup-images --dry-run prints the commands of what it would build, and runs none", async () => {
  await using box = await makeSandbox();
  const { home, env } = ownImages(box);
  await placeImage(home, await formerRecipe());
  const outcome = await box.task("setup-images", [NAME, "--dry-run"], { env });
  assertEquals(outcome.code, 0, outcome.stderr);
  assertMatch(outcome.stdout, /^mmdebstrap --mode=\w+ --architectures=amd64 .*--include=cmake /m);
  assertMatch(outcome.stdout, /^(npx .*|deno) task build-tiny-init x86_64$/m);
  assertMatch(outcome.stdout, /^mke2fs -q -t ext4 -d /m);
  assertMatch(outcome.stdout, /^qemu-img convert -f raw -O qcow2 /m);
  const sidecar = await readSidecar(join(home, CURRENT, IMAGE_FILES.sidecar));
  assert(sidecar.kind === "recipe" && sidecar.recipe.key === (await formerRecipe()).key);
  assertEquals(await exists(join(box.dir, "images/cache")), false);
});

Deno.test("setup-images --dry-run of an image that is up to date prints nothing", async () => {
  await using box = await makeSandbox();
  const { home, env } = ownImages(box);
  await placeImage(home);
  const { code, stdout } = await box.task("setup-images", [NAME, "--dry-run"], { env });
  assertEquals([code, stdout], [0, ""]);
});

Deno.test("of two setup-images at once, one builds and the other uses the result", async () => {
  await using box = await makeSandbox();
  const { home, env } = ownImages(box);
  const lock = await acquireLock(join(home, "lock"), { purpose: "building in a test" });
  const tasks = [1, 2].map(() => box.start("setup-images", [NAME, "--json"], { env }));
  for (const task of tasks) {
    await task.waitFor(
      new RegExp(`^${NAME}: waiting for pid ${Deno.pid} \\(building in a test`, "m"),
    );
  }
  // What the builder does before it lets go of the lock.
  await placeImage(home);
  await lock[Symbol.asyncDispose]();
  for (const { outcome } of tasks) {
    const { code, stdout, stderr } = await outcome;
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(stdout).images[0].built, false);
  }
  await box.assertClean();
});

for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${name} ends a setup-images that waits for another, with status 130`, async () => {
    await using box = await makeSandbox();
    const { home, env } = ownImages(box);
    await using _lock = await acquireLock(join(home, "lock"));
    const task = box.start("setup-images", [NAME], { env });
    await task.waitFor(/: waiting for pid /);
    task.signal(name);
    assertFailure(await task.outcome, { exit: 130, says: [`Interrupted by ${name}`] });
    await box.assertClean();
  });
}

Deno.test({
  name: "SIGINT and kill -9 while packages are unpacked leave no image, process or lock",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    for (const how of ["SIGINT", "kill -9"]) {
      await t.step(how, async () => {
        await using box = await makeSandbox();
        const { home, env } = ownImages(box);
        const tmp = join(box.dir, "tmp");
        await Deno.mkdir(tmp);
        const task = box.start("setup-images", [NAME], { env: { ...env, TMPDIR: tmp } });
        await task.waitFor(new RegExp(`^${NAME}: packages`, "m"));
        await until(async () => await haveUnpacked(tmp) || await ended(task));
        assert(await haveUnpacked(tmp), task.output());
        if (how === "SIGINT") {
          task.signal("SIGINT");
          assertFailure(await task.outcome, { exit: 130, says: ["Interrupted by SIGINT"] });
          assertEquals(await namesIn(tmp), [], "temporary files of an interrupted build");
        } else {
          await killHard(task);
        }
        await until(async () => (await processesNaming(box.dir)).length === 0);
        assertEquals((await namesIn(home)).filter((name) => name !== "lock"), []);
        await using lock = await acquireLock(join(home, "lock"));
        assert(lock !== undefined);
        const mounts = await outputOf(["cat", "/proc/self/mounts"]);
        assert(!mounts.includes(box.dir), `still mounted:\n${mounts}`);
      });
    }
  },
});

/** Whether mmdebstrap has begun to unpack packages below this directory. */
async function haveUnpacked(tmp: string): Promise<boolean> {
  const trees = await Array.fromAsync(
    expandGlob("guesthouse-tmp-rootfs-*/open/mmdebstrap.*/usr/bin/*", { root: tmp }),
  );
  return trees.length > 0;
}

async function ended(task: RunningTask): Promise<boolean> {
  const notYet = new Promise<void>((resolve) => setTimeout(resolve));
  return await Promise.race([task.outcome, notYet]) !== undefined;
}

/** Waits for a fact; fails after a time that only a hang can take. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!await holds()) {
    assert(Date.now() < deadline, "this did not come about within a minute");
    await delay(50);
  }
}

async function namesIn(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir)).catch(() => [])).map(({ name }) => name).sort();
}

async function outputOf(command: readonly string[]): Promise<string> {
  return (await $`${command}`.noThrow()).stdout;
}

const real = await imageState(platform);
const ignore = real.kind === "missing";

Deno.test({
  name: "setup-images of the checkout's own image builds nothing",
  // A recipe that has just been edited: the image is built again before the tests, or is stale.
  ignore: real.kind !== "ready",
  async fn() {
    await using box = await makeSandbox();
    const outcome = await box.task("setup-images", [NAME, "--json"]);
    const { images: [image] } = documentOf(outcome);
    assertEquals([outcome.code, image.built, image.key], [0, false, recipe.key]);
  },
});

/** Ways to damage an image; each leaves the checkout's own as it is. */
const damages = [
  {
    title: "whose disk has a flipped byte",
    file: IMAGE_FILES.disk,
    async damage(path: string) {
      using file = await Deno.open(path, { read: true, write: true });
      // In the middle, where no header check looks.
      await file.seek(Math.floor((await file.stat()).size / 2), Deno.SeekMode.Start);
      const byte = new Uint8Array(1);
      await file.read(byte);
      await file.seek(-1, Deno.SeekMode.Current);
      await file.write(byte.map((value) => value ^ 0xff));
    },
    says: "is damaged: its SHA-256 is not that of the file that was built",
  },
  {
    title: "whose disk is cut off",
    file: IMAGE_FILES.disk,
    damage: async (path: string) => await Deno.truncate(path, 1 << 20),
    says: "has 1048576 bytes, not the ",
  },
  {
    title: "whose disk is empty",
    file: IMAGE_FILES.disk,
    damage: async (path: string) => await Deno.truncate(path, 0),
    says: "has 0 bytes, not the ",
  },
  {
    title: "without its kernel",
    file: IMAGE_FILES.kernel,
    damage: async (path: string) => await Deno.remove(path),
    says: "is missing",
  },
  {
    title: "whose initramfs is another file",
    file: IMAGE_FILES.initramfs,
    damage: async (path: string) =>
      await Deno.writeFile(path, new Uint8Array(512), { append: true }),
    says: "bytes, not the ",
  },
];

Deno.test({
  name: "an image that is damaged is refused with status 3, its file and the command that helps",
  ignore,
  async fn(t) {
    await using box = await makeSandbox();
    const { home, env } = ownImages(box);
    for (const { title, file, damage, says } of damages) {
      await t.step(`an image ${title}`, async () => {
        await Deno.remove(home, { recursive: true }).catch(() => {});
        await copyImage(NAME, dirname(home));
        const dir = join(home, await Deno.readLink(join(home, CURRENT)));
        await damage(join(dir, file));
        const outcome = await box.task("build-vm", [NAME], { env });
        assertFailure(outcome, {
          exit: 3,
          says: [
            `Cannot use image "${NAME}": ${file} `,
            says,
            `  file: ${join(dir, file)}\n`,
            `  next: deno task setup-images ${NAME} --force\n`,
          ],
        });
        const run = await box.task("vm-run", [NAME, "--", "true"], { env });
        assertFailure(run, { exit: 3, says: [`Cannot use image "${NAME}": ${file} `] });
        await box.assertClean();
      });
    }
  },
});

Deno.test({
  name: "an image that was copied or touched is hashed once more and then used",
  ignore,
  async fn() {
    await using box = await makeSandbox();
    const { home, env } = ownImages(box);
    await copyImage(NAME, dirname(home));
    const dir = join(home, await Deno.readLink(join(home, CURRENT)));
    await Deno.utime(join(dir, IMAGE_FILES.disk), new Date(), new Date());
    // Gets past the check, and fails on what comes after it.
    const other = Deno.build.os === "darwin" ? "kvm" : "hvf";
    const outcome = await box.task("build-vm", [NAME, "--accel", other], { env });
    assertFailure(outcome, { exit: 3, says: [`Cannot use accelerator "${other}"`] });
  },
});
