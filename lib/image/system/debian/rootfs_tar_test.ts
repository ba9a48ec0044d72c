import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { keepFile } from "../../../store/vouched.ts";
import { WorkError } from "../../../base/errors.ts";
import { fileNames } from "../../../base/files/directories.ts";
import { isLocked } from "../../../base/files/lock.ts";
import { imageCacheDir, root } from "../../../base/files/paths.ts";
import { haveProgram } from "../../../base/host_testing.ts";
import { makeImagesDir } from "../../platform/image_testing.ts";
import { ensureRootfsTar, rootfsKey, rootfsLock, storedTars } from "./rootfs_tar.ts";

const INPUTS = [{ name: "packages", value: ["cmake"] }];

const OPTIONS = {
  name: "test-amd64",
  recipe: {
    suite: "bookworm",
    // What mmdebstrap refuses before it fetches anything.
    debArch: "no-such-arch",
    arch: Deno.build.arch,
    packages: [],
    provision: join(root, "provision/debian.sh"),
    firstBoot: join(root, "provision/debian_first_boot.sh"),
  },
  inputs: INPUTS,
};

/** Where a build reports to: the phases in the order in which they begin. */
function builder() {
  const phases: string[] = [];
  const { signal } = new AbortController();
  return { phases, signal, onPhase: (phase: string) => void phases.push(phase), log: () => {} };
}

/** Puts files into the image cache. */
async function place(...names: string[]): Promise<void> {
  await Deno.mkdir(imageCacheDir(), { recursive: true });
  for (const name of names) {
    await Deno.writeTextFile(join(imageCacheDir(), name), name);
    if (!name.startsWith(".")) {
      await keepFile(join(imageCacheDir(), name), join(imageCacheDir(), name));
    }
  }
}

Deno.test("storedTars() lists what ensureRootfsTar() writes, and nothing else", async () => {
  await using _images = await makeImagesDir();
  const key = "0123456789abcdef";
  const cases: [string, { name: string; key: string; isPart: boolean } | undefined][] = [
    [`rootfs-debian-amd64-${key}.tar.zst`, { name: "debian-amd64", key, isPart: false }],
    [`rootfs-raw-x86_64-${key}-first-boot.tar.zst`, { name: "raw-x86_64", key, isPart: false }],
    [`rootfs-debian-amd64-${key}-now.tar.zst`, { name: "debian-amd64", key, isPart: false }],
    [`.part-rootfs-raw-x86_64-${key}.tar.zst`, { name: "raw-x86_64", key, isPart: true }],
    ["rootfs-debian-amd64.lock", undefined],
    ["rootfs-debian-amd64-0123.tar.zst", undefined],
    [`rootfs-${key}.tar.zst`, undefined],
    ["stage-debian-amd64", undefined],
  ];
  await Deno.mkdir(imageCacheDir(), { recursive: true });
  for (const [file] of cases) await Deno.writeTextFile(join(imageCacheDir(), file), "");
  const stored = new Map((await storedTars()).map((tar) => [tar.what, tar]));
  for (const [file, wanted] of cases) {
    const { name, key, isPart } = stored.get(file) ?? {};
    assertEquals(wanted && { name, key, isPart }, wanted, file);
    assertEquals(stored.has(file), wanted !== undefined, file);
  }
});

for (const suffix of ["", "-first-boot"]) {
  Deno.test(`ensureRootfsTar() takes an existing file${suffix}, and keeps it while held`, async () => {
    await using _images = await makeImagesDir();
    const file = `rootfs-test-amd64-${await rootfsKey(INPUTS)}${suffix}.tar.zst`;
    await place(file);
    const build = builder();
    {
      await using tar = await ensureRootfsTar(OPTIONS, build);
      assertEquals(tar.path, join(imageCacheDir(), file));
      assertEquals(tar.configure, suffix === "" ? "now" : "first-boot");
      assert(await isLocked(rootfsLock("test-amd64")));
    }
    assertEquals(await isLocked(rootfsLock("test-amd64")), false);
    assertEquals(build.phases, []);
  });
}

Deno.test("ensureRootfsTar() waits for the holder of the file, and names it", async () => {
  await using _images = await makeImagesDir();
  await place(`rootfs-test-amd64-${await rootfsKey(INPUTS)}.tar.zst`);
  const first = await ensureRootfsTar(OPTIONS, builder());
  const { promise: waiting, resolve: onPhase } = Promise.withResolvers<string>();
  const second = ensureRootfsTar(OPTIONS, { ...builder(), onPhase });
  assertEquals(
    await waiting,
    `waiting for pid ${Deno.pid} (installing the packages of test-amd64)`,
  );
  // Of another name, so nobody has it.
  await place(`rootfs-other-${await rootfsKey(INPUTS)}.tar.zst`);
  await using _other = await ensureRootfsTar({ ...OPTIONS, name: "other" }, builder());
  await first[Symbol.asyncDispose]();
  await using _second = await second;
});

Deno.test({
  name: "ensureRootfsTar() removes unfinished files of killed builds, and keeps the former file",
  ignore: !haveProgram("mmdebstrap"),
  async fn() {
    await using _images = await makeImagesDir();
    const former = "rootfs-test-amd64-0123456789abcdef.tar.zst";
    const others = [".part-rootfs-test-arm64-0123456789abcdef.tar.zst", former];
    await place(...others, ".part-rootfs-test-amd64-0123456789abcdef.tar.zst");
    const build = builder();
    await assertRejects(() => ensureRootfsTar(OPTIONS, build), WorkError, "no-such-arch");
    assertEquals(build.phases, ["packages"]);
    assertEquals(await fileNames(imageCacheDir()), [
      ...[...others, `${former}.sha256`, "rootfs-test-amd64.lock"].sort(),
    ]);
    assertEquals(await isLocked(rootfsLock("test-amd64")), false);
  },
});
