import { assertArrayIncludes, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join, relative } from "@std/path";
import { formatError, HostError } from "../../base/errors.ts";
import { recipeKey } from "../../store/recipe.ts";
import { writeSidecar } from "../../store/sidecar.ts";
import { tryExistingLock } from "../../base/files/lock.ts";
import { root } from "../../base/files/paths.ts";
import { $ } from "../../base/process/dollar.ts";
import { currentLink, imageHome, versionLock } from "./current.ts";
import { imageRecipe, imageState, rootfsInputs, useImage } from "./platform_image.ts";
import { finishImage, makeImagesDir, testPlatform } from "./image_testing.ts";
import { contentDigest } from "./manifest.ts";
import { HOOKS } from "../system/debian/rootfs.ts";

const keyOf = async (platform: ReturnType<typeof testPlatform>) =>
  (await imageRecipe(platform)).key;
const rootfsKeyOf = async (platform: ReturnType<typeof testPlatform>) =>
  (await recipeKey(rootfsInputs(platform))).key;

Deno.test("imageRecipe() lists each input, including every hook", async () => {
  const files = await Array.fromAsync(Deno.readDir(join(root, "lib/image/system/debian")));
  const hooks = files.map(({ name }) => name).filter((name) => name.endsWith("_hook.sh"));
  assertEquals(new Set(HOOKS.map(({ file }) => file)), new Set(hooks));
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
      ...["packages", "image", "initramfs", "first boot", "rust"].map((name) => `stage ${name}`),
      ...HOOKS.map(({ name }) => `hook ${name}`),
      ...["provisioning", "provisioning at the first boot"],
    ].sort(),
  );
});

Deno.test("imageRecipe() gives different keys for different values, and the same for the same", async () => {
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
  await using images = await makeImagesDir();
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

Deno.test("imageRecipe() names a missing provision script", async () => {
  const platform = testPlatform({ provision: "provision/no_such.sh" });
  await assertRejects(() => imageRecipe(platform), HostError, "provision/no_such.sh");
});

Deno.test("imageState() is ready for an image whose recipe is unchanged", async () => {
  await using _images = await makeImagesDir();
  const platform = testPlatform();
  const dir = await finishImage(platform);
  const state = await imageState(platform);
  assertEquals(state.kind, "ready");
  if (state.kind !== "ready") return;
  const { manifest, ...image } = state.image;
  assertEquals(image, {
    name: "debian-test",
    key: state.recipe.key,
    digest: await contentDigest(manifest),
    dir,
    disk: join(dir, "disk.qcow2"),
    boot: { kernel: join(dir, "vmlinuz"), initramfs: join(dir, "initramfs") },
  });
  assertEquals(manifest.kernelVersion, "6.1.0-1");
  const { [Symbol.asyncDispose]: dispose, ...used } = await useImage(platform);
  await dispose();
  assertEquals(used, state.image);
});

Deno.test("imageState() is stale when an input changed, says which, and the image stays usable", async () => {
  await using _images = await makeImagesDir();
  const dir = await finishImage(testPlatform());
  const changed = testPlatform({ packages: ["cmake", "make", "ninja-build"], diskGiB: 9 });
  const state = await imageState(changed);
  assertEquals(state.kind, "stale");
  if (state.kind !== "stale") return;
  assertEquals(state.reasons, ["stage image changed", "stage packages changed"]);
  await using image = await useImage(changed);
  assertEquals(image.dir, dir);
});

/** Ways in which there is no image, and what is said of them. */
const missing: [string, (dir: string) => Promise<void>, (dir: string) => string][] = [
  [
    "nothing was built",
    () => Deno.remove(imageHome("debian-test"), { recursive: true }),
    () => `no earlier build is recorded in ${currentLink("debian-test")}`,
  ],
  [
    "the link was deleted to force a build",
    () => Deno.remove(currentLink("debian-test")),
    () => `no earlier build is recorded in ${currentLink("debian-test")}`,
  ],
  [
    "the link leads to something else",
    (dir) => turnTo(dir, "../debian-test/version-test"),
    () => `no earlier build is recorded in ${currentLink("debian-test")}`,
  ],
  [
    "the sidecar is gone",
    (dir) => Deno.remove(join(dir, "image.hash")),
    (dir) => `no earlier build is recorded in ${join(dir, "image.hash")}`,
  ],
  [
    "the sidecar is damaged",
    (dir) => Deno.writeTextFile(join(dir, "image.hash"), "no key\n"),
    (dir) => `${join(dir, "image.hash")} is damaged (line 1 is not a key) and counts as missing`,
  ],
  [
    "the sidecar is that of another image",
    async (dir) =>
      await writeSidecar(join(dir, "image.hash"), await recipeKey([{ name: "x", value: 1 }])),
    (dir) => `${dir} holds no whole image`,
  ],
  [
    "the version is gone",
    (dir) => Deno.remove(dir, { recursive: true }),
    (dir) => `no earlier build is recorded in ${join(dir, "image.hash")}`,
  ],
  [
    "the manifest is damaged",
    (dir) => Deno.writeTextFile(join(dir, "image.json"), "{"),
    (dir) => `${dir} holds no whole image`,
  ],
  [
    "the manifest has a null entry",
    (dir) => editManifest(dir, (text) => text.replace(/"vmlinuz": \{[^}]*\}/, '"vmlinuz": null')),
    (dir) => `${dir} holds no whole image`,
  ],
  [
    "the manifest vouches for another disk",
    (dir) => editManifest(dir, (text) => text.replace(/"sha256": "./, '"sha256": "0')),
    (dir) => `${dir} holds no whole image`,
  ],
];
for (const [what, change, reason] of missing) {
  Deno.test(`useImage() refuses with the next step when ${what}`, async () => {
    await using _images = await makeImagesDir();
    const platform = testPlatform();
    const dir = await finishImage(platform);
    await change(dir);
    assertEquals((await imageState(platform)).kind, "missing");
    const error = await assertRejects(() => useImage(platform), HostError);
    assertEquals(
      formatError(error),
      'Cannot start guest "debian-test": its image is not set up\n' +
        `  ${reason(dir)}\n` +
        "  next: deno task setup-images debian-test --yes",
    );
  });
}

async function editManifest(dir: string, edit: (text: string) => string): Promise<void> {
  const path = join(dir, "image.json");
  const before = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, edit(before));
  assertNotEquals(await Deno.readTextFile(path), before);
}

async function turnTo(dir: string, target: string): Promise<void> {
  await Deno.remove(join(dir, "..", "current"));
  await $`ln -s ${target} ${join(dir, "..", "current")}`;
}

for (const [file, what] of [["vmlinuz", "one of its files"], ["lock", "its lock"]] as const) {
  Deno.test(`useImage() refuses an image without ${what}`, async () => {
    await using _images = await makeImagesDir();
    const dir = await finishImage(testPlatform());
    await Deno.remove(join(dir, file));
    const error = await assertRejects(() => useImage(testPlatform()), HostError);
    assertEquals(error.message, `Cannot use image "debian-test": ${file} is missing`);
    assertEquals(error.next, "deno task setup-images debian-test --force");
  });
}

Deno.test("useImage() keeps a version from being removed while somebody uses it", async () => {
  await using _images = await makeImagesDir();
  const dir = await finishImage(testPlatform());
  {
    await using first = await useImage(testPlatform());
    await using _second = await useImage(testPlatform());
    assertEquals(first.dir, dir);
    assertEquals(await tryExistingLock(versionLock(dir)), undefined);
  }
  const removing = await tryExistingLock(versionLock(dir));
  const refused = assertRejects(() => useImage(testPlatform()), HostError);
  await Deno.remove(dir, { recursive: true });
  await removing?.[Symbol.asyncDispose]();
  await refused;
});

Deno.test("useImage() takes the new version where the former one is removed meanwhile", async () => {
  await using _images = await makeImagesDir();
  const former = await finishImage(testPlatform());
  const removing = await tryExistingLock(versionLock(former));
  const waiting = useImage(testPlatform());
  const dir = await finishImage(testPlatform(), "another disk");
  await Deno.remove(former, { recursive: true });
  await removing?.[Symbol.asyncDispose]();
  await using image = await waiting;
  assertEquals(image.dir, dir);
});
