// Follows docs/adding-a-platform.md in a copy of this checkout.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { root } from "../lib/base/files/paths.ts";
import { type Checkout, copyCheckout } from "./support/checkouts.ts";
import { makeSandbox } from "./support/harness.ts";
import { thorough } from "./support/thorough.ts";

const page = await Deno.readTextFile(join(root, "docs/adding-a-platform.md"));
const [platform = "", row = "", debian = ""] = [...page.matchAll(/^```ts\n(.*?)^```$/gms)]
  .map(([, code = ""]) => code);

async function addRow({ dir }: Checkout): Promise<void> {
  const table = join(dir, "lib/config/archs.ts");
  const end = "} as const satisfies Readonly<Record<string, ArchRow>>;";
  const text = await Deno.readTextFile(table);
  assertEquals(text.split(end).length, 2);
  await Deno.writeTextFile(table, text.replace(end, () => row + end));
}

const addPlatform = ({ dir }: Checkout, name: string, code: string) =>
  Deno.writeTextFile(join(dir, `configs/platforms/${name.replaceAll("-", "_")}.ts`), code);

Deno.test("docs/adding-a-platform.md: a platform is one file", async () => {
  await using box = await makeSandbox();
  const copy = await copyCheckout(box, "copy");
  const name = "debian-clang-amd64";
  await addPlatform(copy, name, platform);
  const dry = await copy.task("setup-images", [name, "--dry-run"]);
  assertEquals(dry.code, 0, dry.stderr);
  assertMatch(
    dry.stdout,
    /^mmdebstrap .* --include=clang .* bookworm .*rootfs-debian-clang-amd64/m,
  );
  if (!thorough) return;
  const ready = await copy.task("setup-images", [name, "--yes"], { timeoutMs: 1_200_000 });
  assertEquals(ready.code, 0, ready.stderr);
  const built = await copy.task("build-vm", [name, "--artifacts", join(box.dir, "out")]);
  assertEquals(built.code, 0, built.stderr);
  const log = await Deno.readTextFile(join(box.dir, `logs/${name}.log`));
  assertStringIncludes(log, "The CXX compiler identification is Clang");
  assertStringIncludes(log, "100% tests passed");
});

Deno.test("docs/adding-a-platform.md: an architecture is one row, and its platform a few lines", async () => {
  await using box = await makeSandbox();
  const copy = await copyCheckout(box, "copy");
  await addRow(copy);
  await addPlatform(copy, "debian-mips64el", debian);
  const allowed = await copy.task("permissions");
  assertEquals(allowed.code, 0, allowed.stderr);
  const sets = await Deno.readTextFile(join(copy.dir, "deno.json"));
  assertStringIncludes(sets, '"qemu-system-mips64el"');
  const dry = await copy.task("setup-images", ["debian-mips64el", "--dry-run"]);
  assertEquals(dry.code, 0, dry.stderr);
  assertMatch(dry.stdout, /^mmdebstrap .* --architectures=mips64el .* bookworm/m);
  assertMatch(dry.stdout, /task build-tiny-init mips64$/m);
  const types = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "lib/config", "lib/vm", "configs", "tasks"],
    cwd: copy.dir,
  }).output();
  assertEquals(types.code, 0, new TextDecoder().decode(types.stderr));
});
