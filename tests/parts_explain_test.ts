// What changes an image part. Builds none: stand-ins lie where the parts of a copy of this checkout
// would, and the copy's sources are changed.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { MICRO_ARCHS } from "../lib/config/archs.ts";
import { PARTS } from "../lib/config/parts.ts";
import { partFiles, type PartRequest } from "../lib/image/parts/part_names.ts";
import { partPath } from "../lib/image/parts/part_store.ts";
import { type Checkout, copyCheckout } from "./support/checkouts.ts";
import { makeSandbox, type Sandbox } from "./support/harness.ts";
import { documentOf } from "./support/outcome.ts";
import { placePart, seeImages } from "./support/stand_ins.ts";

/** Every part, on every architecture. */
const EVERY: readonly PartRequest[] = MICRO_ARCHS.flatMap((arch) =>
  PARTS.map(({ name }) => ({ name, arch }))
);
const titleOf = ({ name, arch }: PartRequest) => `${name} ${arch}`;

/** Contents that tell a file, and one build of it from another. */
const saying = (words: string) => (file: string) => new TextEncoder().encode(words + file);

/** A copy of the checkout in which every part is up to date, as this process sees it too. */
async function builtCheckout(box: Sandbox): Promise<Checkout & Disposable> {
  const checkout = await copyCheckout(box, "copy");
  const seen = seeImages(checkout.images);
  for (const part of EVERY) await placePart(part, saying("contents of "));
  return { ...checkout, [Symbol.dispose]: () => seen[Symbol.dispose]() };
}

/** What `build-images all --explain` would build, with the reasons. */
async function explain(checkout: Checkout): Promise<Record<string, string[]>> {
  const outcome = await checkout.task("build-images", ["all", "--explain", "--json"]);
  assertEquals(outcome.code, 0, outcome.stderr);
  const rows: { title: string; fresh: boolean; reasons: string[] }[] = documentOf(outcome).parts;
  assertEquals(rows.map(({ title }) => title).sort(), EVERY.map(titleOf).sort());
  assert(rows.every(({ fresh, reasons }) => fresh === (reasons.length === 0)));
  const stale = rows.filter(({ fresh }) => !fresh);
  return Object.fromEntries(stale.map(({ title, reasons }) => [title, reasons]));
}

/** The same reasons for parts on these architectures. */
const each = (names: readonly string[], reasons: readonly string[], archs = MICRO_ARCHS) =>
  Object.fromEntries(archs.flatMap((arch) => names.map((name) => [`${name} ${arch}`, reasons])));

const DISKS = ["raw", "python", "node"];

const CASES: readonly { file: string; stale: Record<string, readonly string[]> }[] = [
  {
    file: "images/guest-agent/Cargo.lock",
    stale: each(["guest-agent"], ["guest-agent/Cargo.lock changed"]),
  },
  {
    file: "images/tiny-init/src/main.rs",
    stale: each(["tiny-init"], ["tiny-init/src/main.rs changed"]),
  },
  {
    file: "images/tiny-init/src/unheard_of.rs",
    stale: each(["tiny-init"], ["input tiny-init/src/unheard_of.rs is new"]),
  },
  {
    file: "images/kernel/common.config",
    stale: each(["micro-kernel"], ["fragment common changed"]),
  },
  {
    file: "images/kernel/aarch64.config",
    stale: each(["micro-kernel"], ["fragment aarch64 changed"], ["aarch64"]),
  },
  {
    file: "lib/image/system/debian/rootfs_hook.sh",
    stale: each(DISKS, ["hook customize changed"]),
  },
  {
    file: "lib/image/system/debian/no_host_keys_hook.sh",
    stale: each(DISKS, ["hook no-host-keys changed"]),
  },
  {
    file: "lib/image/system/debian/native_programs_hook.sh",
    stale: each(DISKS, ["hook lend-programs changed", "hook restore-programs changed"]),
  },
  // Only runs where packages are configured at the first boot.
  { file: "lib/image/system/debian/merge_usr_hook.sh", stale: {} },
  { file: "provision/variant.sh", stale: each(DISKS, ["provisioning changed"]) },
  // What modules do is no input; its version is.
  { file: "lib/image/parts/file_system.ts", stale: {} },
  { file: "README.md", stale: {} },
];

Deno.test("build-images --explain names the changed input of each part that has it", async () => {
  await using box = await makeSandbox();
  using checkout = await builtCheckout(box);
  assertEquals(await explain(checkout), {});
  for (const { file, stale } of CASES) {
    const path = join(checkout.dir, file);
    const before = await Deno.readFile(path).catch(() => undefined);
    await Deno.writeTextFile(path, file.endsWith(".sh") ? "true\n" : "\n", { append: true });
    assertEquals(await explain(checkout), stale, file);
    if (before === undefined) await Deno.remove(path);
    else await Deno.writeFile(path, before);
  }
  assertEquals(await explain(checkout), {});
});

Deno.test("each part would be built again without its .hash, and what embeds it would not", async () => {
  await using box = await makeSandbox();
  using checkout = await builtCheckout(box);
  for (const part of EVERY) {
    const sidecar = `${partPath(partFiles(part)[0]!)}.hash`;
    const text = await Deno.readTextFile(sidecar);
    await Deno.remove(sidecar);
    assertEquals(await explain(checkout), {
      [titleOf(part)]: [`no earlier build is recorded in ${sidecar}`],
    });
    await Deno.writeTextFile(sidecar, text);
  }
});

Deno.test("what embeds a part would be built again when its bytes change, and nothing else", async () => {
  await using box = await makeSandbox();
  using checkout = await builtCheckout(box);
  const cases: [PartRequest["name"], Record<string, readonly string[]>][] = [
    ["guest-agent", each(DISKS, ["guest-agent changed"], ["x86_64"])],
    ["tiny-init", each(["initramfs", "micro-initramfs"], ["tiny-init changed"], ["x86_64"])],
    ["kernel", each(["initramfs"], ["modules changed"], ["x86_64"])],
    ["micro-kernel", {}],
    ["initramfs", {}],
    ["raw", {}],
  ];
  for (const [name, stale] of cases) {
    const part = { name, arch: "x86_64" } as const;
    await placePart(part, saying("other contents of "));
    assertEquals(await explain(checkout), stale, name);
    await placePart(part, saying("contents of "));
    assertEquals(await explain(checkout), {}, name);
  }
});

Deno.test("--explain says which file of a part was changed behind its back", async () => {
  await using box = await makeSandbox();
  using checkout = await builtCheckout(box);
  for (const part of EVERY) {
    for (const file of partFiles(part)) {
      const before = await Deno.readTextFile(partPath(file));
      await Deno.writeTextFile(partPath(file), "x", { append: true });
      const stale = await explain(checkout);
      assertEquals(stale[titleOf(part)], [`${file} is missing or was changed`]);
      await Deno.writeTextFile(partPath(file), before);
    }
  }
  const plain = await checkout.task("build-images", ["--explain"]);
  assertStringIncludes(plain.stdout, `raw ${Deno.build.arch}: up to date\n`);
});
