// Whatever is kept on disk may be found empty or cut off, after a crash of the host or a full disk.
// Each such file counts as missing and is made again, or is refused with advice that helps; nothing
// is a bug. Starts no guest.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { CACHE_FILES, readCacheRecord } from "../lib/ci/cache_disk.ts";
import { listCaches, uselessCache } from "../lib/cleanup/cache_store.ts";
import { voucherPath } from "../lib/store/vouched.ts";
import { HostError, UsageError } from "../lib/base/errors.ts";
import { findDevGuest, writeDevGuest } from "../lib/dev/guest_file.ts";
import { refuseExisting } from "../lib/dev/init.ts";
import { recordLock } from "../lib/dev/flavour/nixos/nixos_first_boot.ts";
import { ensurePin, readPins } from "../lib/dev/flavour/nixos/pins.ts";
import { copyConfiguration, LOCK_FILE } from "../lib/dev/flavour/nixos/seed_disk.ts";
import { devDir, devFile } from "../lib/dev/state/dev_paths.ts";
import { readDevRecord } from "../lib/dev/state/record.ts";
import { devState } from "../lib/dev/state/state.ts";
import { recordOf } from "../lib/dev/dev_testing.ts";
import { leftRuns, listRuns } from "../lib/guest/runs.ts";
import { findSnapshot } from "../lib/vm/snapshots.ts";
import { IMAGE_FILES, imageCacheDir, RUN_FILES, SNAPSHOT_FILES } from "../lib/base/files/paths.ts";
import { processStartTime } from "../lib/base/process/start_time.ts";
import { isRecord, readVerdict, writeVerdict } from "../lib/base/files/verdict_cache.ts";
import { ensureImage } from "../lib/image/platform/build_image.ts";
import { imageState, useImage } from "../lib/image/platform/platform_image.ts";
import { finishImage, testPlatform } from "../lib/image/platform/image_testing.ts";
import { ensurePart, partPath, partState } from "../lib/image/parts/part_store.ts";
import { ensureRootfsTar, rootfsKey } from "../lib/image/system/debian/rootfs_tar.ts";
import { standInRecipe, withMmdebstrap } from "../lib/image/system/debian/rootfs_testing.ts";
import {
  leaveRun,
  NAME,
  placeCache,
  placeSnapshot,
  placeVersion,
  recipeOf,
  runPath,
  storage,
} from "./support/stored_things.ts";

/** Something that is kept in files. */
interface Kept {
  readonly title: string;
  /** Makes it; returns the paths of its files. */
  make(): Promise<readonly string[]>;
  /** What its reader makes of it, in a word or two. */
  read(): Promise<string>;
  readonly whole: string;
  /** After any of the files was damaged. */
  readonly damaged: string;
}

/** A process that is up, as QEMU is. */
const up = { pid: Deno.pid, startTime: await processStartTime(Deno.pid) ?? "" };
const { signal } = new AbortController();
const image = testPlatform();
const quiet = { signal, onPhase: () => {}, log: () => {} };
const part = {
  title: "part x",
  outputs: ["part-x"],
  inputs: [{ name: "value", value: "x" }],
  build: (dir: string) => Deno.writeTextFile(join(dir, "part-x"), "the part"),
};
const devGuest = {
  name: "armdev",
  flavour: "debian",
  created: "2026-11-01T10:00:00.000Z",
} as const;

/** The name of a failure, and whether its advice names the command that helps. */
function refusal(error: unknown, advice: string): string {
  if (!(error instanceof HostError || error instanceof UsageError)) throw error;
  assertStringIncludes(error.next ?? "", advice);
  return "refused";
}

const KEPT: readonly Kept[] = [
  {
    title: "an image's sidecar and manifest",
    async make() {
      const dir = await finishImage(image);
      return [join(dir, IMAGE_FILES.sidecar), join(dir, "image.json")];
    },
    read: async () => (await imageState(image)).kind,
    whole: "ready",
    damaged: "missing",
  },
  {
    title: "an image's files",
    async make() {
      const dir = await finishImage(image);
      const { disk, kernel, initramfs, packages } = IMAGE_FILES;
      return [disk, kernel, initramfs, packages].map((name) => join(dir, name));
    },
    read: () =>
      useImage(image).then(
        async (used) => {
          await used[Symbol.asyncDispose]();
          return "ready";
        },
        (error) => refusal(error, `deno task setup-images ${image.name} --force`),
      ),
    whole: "ready",
    damaged: "refused",
  },
  {
    title: "a part of images",
    async make() {
      await ensurePart(part, { ...quiet, force: true });
      return [partPath("part-x"), `${partPath("part-x")}.json`, `${partPath("part-x")}.hash`];
    },
    async read() {
      const { fresh } = await partState(part);
      const { built } = await ensurePart(part, quiet);
      assertEquals([built, (await partState(part)).fresh], [!fresh, true]);
      return fresh ? "fresh" : "built again";
    },
    whole: "fresh",
    damaged: "built again",
  },
  {
    title: "a snapshot",
    async make() {
      await placeVersion(NAME, await recipeOf("image"));
      const dir = await placeSnapshot(await recipeOf("snapshot"));
      const { memory, state, disk, manifest, sidecar } = SNAPSHOT_FILES;
      return [memory, state, disk, manifest, sidecar].map((name) => join(dir, name));
    },
    async read() {
      const found = await findSnapshot(NAME, await recipeOf("snapshot"));
      if (found.kind === "found") await found.snapshot[Symbol.asyncDispose]();
      return found.kind;
    },
    whole: "found",
    damaged: "damaged",
  },
  {
    title: "the record of a build cache",
    make: async () => [join(await placeCache("/tmp", {}, { name: NAME }), CACHE_FILES.record)],
    async read() {
      const [cache] = await listCaches();
      assert(cache !== undefined);
      const isThere = await readCacheRecord(cache.path) !== undefined;
      const why = await uselessCache(cache, { known: true, imageDigest: undefined });
      assertEquals(why, isThere ? undefined : "its record is missing or damaged");
      return isThere ? "there" : "missing";
    },
    whole: "there",
    damaged: "missing",
  },
  {
    title: "the record of a guest",
    async make() {
      return [
        join(
          runPath(await leaveRun({ ...up, kept: true })),
          RUN_FILES.record,
        ),
      ];
    },
    async read() {
      const left = await Array.fromAsync(leftRuns(), ({ why }) => why);
      const runs = (await listRuns()).length;
      return runs === 1 ? "listed" : left.join();
    },
    whole: "listed",
    damaged: "its task is gone, and it has no guest",
  },
  {
    title: "a verdict about the host",
    async make() {
      await writeVerdict("test", { fine: true });
      return [join(Deno.env.get("GUESTHOUSE_STATE") ?? "", "verdicts/test.json")];
    },
    read: async () => await readVerdict("test", isRecord) === undefined ? "unknown" : "known",
    whole: "known",
    damaged: "unknown",
  },
  {
    title: "what is known of a dev guest",
    async make() {
      await Deno.mkdir(devDir("armdev"), { recursive: true });
      await writeDevGuest(devDir("armdev"), devGuest);
      await Deno.writeTextFile(devFile("armdev", "kernel"), "kernel");
      await Deno.writeTextFile(devFile("armdev", "disk"), "the home of its user");
      return [devFile("armdev", "guest")];
    },
    // What was not made counts as free to be made over.
    async read() {
      await assertRejects(
        () => refuseExisting("armdev", false),
        UsageError,
        "there is one already",
      );
      return (await findDevGuest("armdev"))?.flavour ?? "none";
    },
    whole: "debian",
    damaged: "debian",
  },
  {
    title: "the record of a dev guest",
    async make() {
      await recordOf(up.pid, { name: "armdev" });
      return [devFile("armdev", "record")];
    },
    async read() {
      const { kind } = await devState("armdev");
      return `${kind} ${await readDevRecord("armdev") === undefined}`;
    },
    whole: "running false",
    damaged: "stopped true",
  },
  {
    title: "pins of NixOS",
    async make() {
      const path = join(imageCacheDir(), "pins.json");
      await Deno.mkdir(imageCacheDir(), { recursive: true });
      const pin = { url: "http://localhost/x", job: "a:b:c", bytes: 1, sha256: "0".repeat(64) };
      await Deno.writeTextFile(path, JSON.stringify({ x: pin }));
      return [path];
    },
    async read() {
      const path = join(imageCacheDir(), "pins.json");
      const job = { job: "a:b:c", product: /x/ } as never;
      const request = { name: "x", farm: "http://localhost", job, signal, path };
      return await ensurePin(request).then(
        async () => Object.keys(await readPins(path)).join(),
        (error) => refusal(error, `remove it`),
      );
    },
    whole: "x",
    damaged: "refused",
  },
  {
    title: "the lock of nixpkgs",
    async make() {
      const dir = join(imageCacheDir(), "nix");
      await Deno.mkdir(dir, { recursive: true });
      await Deno.writeTextFile(join(dir, LOCK_FILE), '{"nodes":{}}\n');
      return [join(dir, LOCK_FILE)];
    },
    async read() {
      const dir = join(imageCacheDir(), "nix");
      Deno.env.set("GUESTHOUSE_NIX", dir);
      const copy = join(imageCacheDir(), "copy");
      await copyConfiguration(copy);
      Deno.env.delete("GUESTHOUSE_NIX");
      const used = [...Deno.readDirSync(copy)].length === 1;
      await Deno.remove(copy, { recursive: true });
      const recorded = await recordLock('{"nodes":{"new":{}}}', dir);
      assertEquals(recorded, !used);
      return used ? "used" : "recorded again";
    },
    whole: "used",
    damaged: "recorded again",
  },
];

/** How a file may be found; `half` of one byte is none. */
const DAMAGES = [
  { how: "empty", damage: (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, 0) },
  { how: "cut off", damage: (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, bytes.length / 2) },
];

for (const { title, make, read, whole, damaged } of KEPT) {
  Deno.test(`${title}: if damaged, it is made again`, async (t) => {
    const files = await inSandbox(async () => {
      const paths = await make();
      assertEquals(await read(), whole);
      return paths.length;
    });
    for (let index = 0; index < files; index++) {
      for (const { how, damage } of DAMAGES) {
        await inSandbox(async () => {
          const path = (await make())[index]!;
          const name = path.slice(path.lastIndexOf("/") + 1);
          await t.step(`${name} is ${how}`, async () => {
            await Deno.writeFile(path, damage(await Deno.readFile(path)));
            assertEquals(await read(), damaged);
          });
        });
      }
    }
  });
}

/** Runs something in a place of its own. */
async function inSandbox<T>(work: () => Promise<T>): Promise<T> {
  await using _box = await storage();
  return await work();
}

/** Stands in for mmdebstrap: its last argument is the archive. */
const INSTALL = 'for last; do :; done; echo packages >"$last"';
const INPUTS = [{ name: "packages", value: ["cmake"] }];

Deno.test("packages: damaged ones are installed again, once", async (t) => {
  for (const { how, damage } of DAMAGES) {
    for (const which of ["the archive", "its record"]) {
      await t.step(`${which} is ${how}`, async () => {
        await using _box = await storage();
        await using _program = await withMmdebstrap(INSTALL);
        const log: string[] = [];
        const phases: string[] = [];
        const ensure = async () => {
          await using tar = await ensureRootfsTar(
            { name: "test-amd64", recipe: standInRecipe, inputs: INPUTS },
            { signal, onPhase: (phase) => phases.push(phase), log: (line) => log.push(line) },
          );
          assertEquals(await Deno.readTextFile(tar.path), "packages\n");
          return tar.path;
        };
        await Deno.mkdir(imageCacheDir(), { recursive: true });
        const path = await ensure();
        assertEquals(
          path,
          join(imageCacheDir(), `rootfs-test-amd64-${await rootfsKey(INPUTS)}.tar.zst`),
        );
        await ensure();
        assertEquals(phases, ["packages"]);
        const victim = which === "its record" ? voucherPath(path) : path;
        await Deno.writeFile(victim, damage(await Deno.readFile(victim)));
        await ensure();
        await ensure();
        assertEquals(phases, ["packages", "packages"]);
        assert(log.includes(`installing the packages again: ${path} is damaged`), log.join("\n"));
      });
    }
  }
});

Deno.test("an image whose disk is cut off is built again by setup-images, without --force", async () => {
  await using _box = await storage();
  await using _program = await withMmdebstrap("echo 'E: no packages today'; exit 1");
  const dir = await finishImage(image);
  await Deno.truncate(join(dir, IMAGE_FILES.disk), 3);
  const log: string[] = [];
  const compiler = Promise.reject(new Error("no compiler today"));
  compiler.catch(() => {});
  const options = { ...quiet, compiler, log: (line: string) => void log.push(line) };
  await assertRejects(() => ensureImage(image, options), Error, "mmdebstrap exited with status 1");
  assertStringIncludes(
    log[0] ?? "",
    `building ${image.name}: Cannot use image "${image.name}": disk`,
  );
});
