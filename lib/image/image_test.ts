import { assertArrayIncludes, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join, relative } from "@std/path";
import { formatError, HostError } from "../cli/errors.ts";
import { recipeKey } from "../cache/recipe.ts";
import { tryExistingLock } from "../host/lock.ts";
import { root } from "../host/paths.ts";
import {
  imageHome,
  imageRecipe,
  imageSidecar,
  imageState,
  requireImage,
  rootfsInputs,
  useImage,
} from "./image.ts";
import { finishImage, imagesFolder, testPlatform } from "./image_testing.ts";

const keyOf = async (platform: ReturnType<typeof testPlatform>) =>
  (await imageRecipe(platform)).key;
const rootfsKeyOf = async (platform: ReturnType<typeof testPlatform>) =>
  (await recipeKey(rootfsInputs(platform))).key;

Deno.test("imageRecipe() lists each input by its path in the checkout, every hook included", async () => {
  const files = await Array.fromAsync(Deno.readDir(join(root, "lib/image")));
  const hooks = files.filter(({ name }) => name.endsWith("_hook.sh"));
  const inputs = (await imageRecipe(testPlatform())).inputs.map(({ name }) => name);
  const isCrate = (name: string) => name.startsWith("tiny-init/");
  assertArrayIncludes(inputs.filter(isCrate), [
    "tiny-init/.cargo/config.toml",
    "tiny-init/Cargo.lock",
    "tiny-init/src/main.rs",
  ]);
  assertEquals(
    inputs.filter((name) => !isCrate(name)),
    [
      ...["disk", "rootfs"],
      ...["provision/debian.sh", "provision/debian_first_boot.sh"],
      ...["build", "cpio", "disk", "elf", "first_boot", "initramfs", "modules", "rootfs"]
        .map((name) => `lib/image/${name}.ts`),
      ...["lib/image/parts/rust_program.ts", "lib/image/rootfs_tar.ts"],
      ...hooks.map(({ name }) => `lib/image/${name}`),
    ].sort(),
  );
});

Deno.test("imageRecipe() gives another key for each other value, and the same for the same", async () => {
  const plain = testPlatform();
  const others = [
    testPlatform({ suite: "trixie" }),
    testPlatform({ packages: ["make", "cmake"] }),
    testPlatform({ packages: ["cmake"] }),
    testPlatform({ kernelPackage: "linux-image-amd64" }),
    testPlatform({ debArch: "arm64" }),
    testPlatform({ diskGiB: 9 }),
    { ...plain, arch: "aarch64" as const },
  ];
  const keys = await Promise.all([plain, ...others].map(keyOf));
  assertEquals(new Set(keys).size, keys.length);
  assertEquals(await keyOf(testPlatform()), keys[0]);
  // How a guest is run does not shape its image.
  assertEquals(await keyOf({ ...plain, memoryMiB: 4096, cores: 8, cmakeFlags: ["-G"] }), keys[0]);
});

Deno.test("rootfsInputs() leave out what shapes the disk alone", async () => {
  const key = await rootfsKeyOf(testPlatform());
  assertEquals(await rootfsKeyOf(testPlatform({ diskGiB: 9 })), key);
  assertNotEquals(await rootfsKeyOf(testPlatform({ packages: [] })), key);
});

Deno.test("both keys change when the provision script changes, or its mode", async () => {
  await using images = await imagesFolder();
  const script = join(images.path, "provision.sh");
  const platform = testPlatform({ provision: relative(root, script) });
  const keys: string[] = [];
  const changes = [
    () => Deno.writeTextFile(script, "echo one\n"),
    () => Deno.writeTextFile(script, "echo two\n"),
    () => Deno.chmod(script, 0o755),
  ];
  for (const change of changes) {
    await change();
    keys.push(await keyOf(platform), await rootfsKeyOf(platform));
  }
  assertEquals(new Set(keys).size, 6);
});

Deno.test("imageRecipe() names a provision script that is not there", async () => {
  const platform = testPlatform({ provision: "provision/no_such.sh" });
  await assertRejects(() => imageRecipe(platform), HostError, "provision/no_such.sh");
});

Deno.test("imageState() is ready for an image that its recipe would make again", async () => {
  await using _images = await imagesFolder();
  const platform = testPlatform();
  const dir = await finishImage(platform);
  const state = await imageState(platform);
  assertEquals(state.kind, "ready");
  if (state.kind !== "ready") return;
  const { manifest, ...image } = state.image;
  assertEquals(image, {
    name: "debian-test",
    key: state.recipe.key,
    dir,
    disk: join(dir, "disk.qcow2"),
    kernel: join(dir, "vmlinuz"),
    initramfs: join(dir, "initramfs"),
  });
  assertEquals(manifest.kernelVersion, "6.1.0-1");
  assertEquals(await requireImage(platform), state.image);
});

Deno.test("imageState() is stale when an input changed, says which, and the image will do", async () => {
  await using _images = await imagesFolder();
  const dir = await finishImage(testPlatform());
  const changed = testPlatform({ packages: ["cmake", "make", "ninja-build"], diskGiB: 9 });
  const state = await imageState(changed);
  assertEquals(state.kind, "stale");
  if (state.kind !== "stale") return;
  assertEquals(state.reasons, ["disk changed", "rootfs changed"]);
  assertEquals((await requireImage(changed)).dir, dir);
});

/** Ways in which there is no image, and what is said of them. */
const missing: [string, (dir: string) => Promise<void>, (dir: string) => string][] = [
  [
    "nothing was built",
    () => Deno.remove(imageHome("debian-test"), { recursive: true }),
    () => `no earlier build is recorded in ${imageSidecar("debian-test")}`,
  ],
  [
    "the sidecar was deleted to force a build",
    () => Deno.remove(imageSidecar("debian-test")),
    () => `no earlier build is recorded in ${imageSidecar("debian-test")}`,
  ],
  [
    "the sidecar is damaged",
    () => Deno.writeTextFile(imageSidecar("debian-test"), "no key\n"),
    () => `${imageSidecar("debian-test")} is damaged (line 1 is not a key) and counts as missing`,
  ],
  [
    "the version is gone",
    (dir) => Deno.remove(dir, { recursive: true }),
    (dir) => `${dir} holds no whole image`,
  ],
  [
    "the manifest is damaged",
    (dir) => Deno.writeTextFile(join(dir, "image.json"), "{"),
    (dir) => `${dir} holds no whole image`,
  ],
];
for (const [what, change, reason] of missing) {
  Deno.test(`requireImage() refuses with the next step when ${what}`, async () => {
    await using _images = await imagesFolder();
    const platform = testPlatform();
    const dir = await finishImage(platform);
    await change(dir);
    assertEquals((await imageState(platform)).kind, "missing");
    const error = await assertRejects(() => requireImage(platform), HostError);
    assertEquals(
      formatError(error),
      'Cannot start guest "debian-test": its image is not set up\n' +
        `  ${reason(dir)}\n` +
        "  next: deno task setup-images debian-test --yes",
    );
  });
}

Deno.test("requireImage() refuses an image with a damaged file", async () => {
  await using _images = await imagesFolder();
  const dir = await finishImage(testPlatform());
  await Deno.remove(join(dir, "vmlinuz"));
  const error = await assertRejects(() => requireImage(testPlatform()), HostError);
  assertEquals(error.message, 'Cannot use image "debian-test": vmlinuz is missing');
  assertEquals(error.next, "deno task setup-images debian-test --force");
});

Deno.test("useImage() keeps a version from being removed while somebody uses it", async () => {
  await using _images = await imagesFolder();
  const dir = await finishImage(testPlatform());
  {
    await using first = await useImage(testPlatform());
    await using _second = await useImage(testPlatform());
    assertEquals(first.dir, dir);
    assertEquals(await tryExistingLock(dir), undefined);
  }
  const removing = await tryExistingLock(dir);
  const waiting = useImage(testPlatform());
  // It may refuse before it is asked for.
  waiting.catch(() => {});
  await Deno.remove(dir, { recursive: true });
  await removing?.[Symbol.asyncDispose]();
  await assertRejects(() => waiting, HostError);
});
