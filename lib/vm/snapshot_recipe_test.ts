import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { explainMiss } from "../store/sidecar.ts";
import { imageState } from "../image/platform/platform_image.ts";
import { finishImage, makeImagesDir, testPlatform } from "../image/platform/image_testing.ts";
import { buildShape } from "./build_machine.ts";
import {
  outdatedInputs,
  recordedAccelerator,
  snapshotRecipe,
  type SnapshotShape,
} from "./snapshot_recipe.ts";

const platform = testPlatform();
const SIZE = { memoryMiB: 512, cores: 1 };
const QEMU = { sha256: "ab".repeat(32), machines: {} };
const KEYS = { hostPublic: "host", clientPublic: "client" };

async function presentImage() {
  const state = await imageState(platform);
  assert(state.kind === "ready");
  return state.image;
}

const shapeOf = (image: { readonly digest: string; readonly dir: string }) =>
  buildShape({ platform, image, ...SIZE }, {
    ...{ qemu: QEMU, machine: platform.machine, accelerator: "tcg", keys: KEYS },
  });

const recipeOf = async (image: { readonly digest: string; readonly dir: string }) =>
  await snapshotRecipe(shapeOf(image));

Deno.test("snapshotRecipe() differs for an image with the same recipe and other bytes", async () => {
  await using _images = await makeImagesDir();
  await finishImage(platform);
  const before = await presentImage();
  await finishImage(platform, "another disk");
  const after = await presentImage();
  assertEquals(after.key, before.key);
  assertNotEquals(after.dir, before.dir);
  const recorded = await recipeOf(before);
  const reasons = explainMiss({ kind: "recipe", recipe: recorded }, await recipeOf(after));
  assertEquals(reasons, ["image changed", "image directory changed"]);
  assertEquals(await outdatedInputs(recorded, [shapeOf(after)], []), reasons);
  assertEquals(await outdatedInputs(recorded, [shapeOf(after)], ["image"]), [reasons[1]]);
  // The nearest of several counts.
  const both = [shapeOf(after), shapeOf(before)];
  assertEquals(await outdatedInputs(recorded, both, []), []);
  assertEquals(await outdatedInputs(recorded, [], []), undefined);
});

Deno.test("snapshotRecipe() depends on the bytes, also under the same path", async () => {
  const one = { dir: "/images/p/0123", digest: "01".repeat(32) };
  const two = { ...one, digest: "02".repeat(32) };
  assertNotEquals((await recipeOf(two)).key, (await recipeOf(one)).key);
  assertEquals((await recipeOf({ ...one })).key, (await recipeOf(one)).key);
});

Deno.test("snapshotRecipe() includes everything that shapes the state, and says what differs", async () => {
  const shape = shapeOf({ dir: "/images/p", digest: "01".repeat(32) });
  const recipe = await snapshotRecipe(shape);
  const { host } = shape;
  const changes: readonly [string, Partial<SnapshotShape>][] = [
    ["QEMU", { host: { ...host, qemu: { ...host.qemu, sha256: "cd".repeat(32) } } }],
    ["machine", { host: { ...host, machine: "pc-q35-9.0" } }],
    ["CPU", { cpu: "qemu64" }],
    ["memory", { memoryMiB: 513 }],
    ["cores", { cores: 2 }],
    ["command line", { words: [...shape.words, "debug"] }],
    ["devices", { devices: () => ["-device", "virtio-rng-pci"] }],
  ];
  for (const [name, change] of changes) {
    const other = await snapshotRecipe({ ...shape, ...change });
    const reasons = explainMiss({ kind: "recipe", recipe }, other);
    assertEquals(reasons, [`${name} changed`], name);
    // Who starts a guest chooses some of them, and may choose the former ones again.
    const isChosen = ["memory", "cores", "command line"].includes(name);
    const outdated = await outdatedInputs(recipe, [{ ...shape, ...change }], []);
    assertEquals(outdated, isChosen ? [] : reasons, name);
  }
});

Deno.test("recordedAccelerator() knows the accelerator of a snapshot", async () => {
  const shape = shapeOf({ dir: "/images/p", digest: "01".repeat(32) });
  for (const accelerator of ["kvm", "hvf", "tcg"] as const) {
    const recipe = await snapshotRecipe({ ...shape, host: { ...shape.host, accelerator } });
    assertEquals(await recordedAccelerator(recipe), accelerator);
  }
  assertEquals(await recordedAccelerator({ key: "", inputs: [] }), undefined);
});

Deno.test("a snapshot of a guest that trusts other certificates is another one, and not outdated", async () => {
  await using _images = await makeImagesDir();
  await finishImage(platform);
  const image = await presentImage();
  const host = { qemu: QEMU, machine: platform.machine, accelerator: "tcg" as const, keys: KEYS };
  const trusting = await snapshotRecipe(
    buildShape({ platform, image, ...SIZE }, { ...host, certificates: { pem: "a" } }),
  );
  assertNotEquals(trusting.key, (await recipeOf(image)).key);
  assertEquals(await outdatedInputs(trusting, [shapeOf(image)], []), []);
});
