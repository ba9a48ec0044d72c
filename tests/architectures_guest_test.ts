// Boots real guests of architectures that are neither the host's nor the common one: a big-endian
// one, and with `--thorough` all others of Debian's and the next release.
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { platformsDir, root } from "../lib/base/files/paths.ts";
import { ARCH } from "../lib/config/archs.ts";
import { isCommon, loadPlatforms } from "../lib/config/platform.ts";
import { readElfHeader } from "../lib/image/format/elf.ts";
import { makeSandbox, type Sandbox } from "./support/harness.ts";
import { documentOf } from "./support/outcome.ts";
import { fetchSource } from "./support/sources.ts";
import { thorough } from "./support/thorough.ts";

const platforms = (await loadPlatforms(platformsDir))
  .filter((platform) => platform.image.kind === "debian" && !isCommon(platform));

/** Cheap in C, and its own tests are part of it. */
const CJSON = { cmakeFlags: { all: ["-DENABLE_CUSTOM_COMPILER_FLAGS=OFF"] } };

async function build(box: Sandbox, name: string, args: readonly string[]) {
  const artifacts = join(box.dir, "artifacts");
  const outcome = await box.task("build-vm", [name, "--json", "--artifacts", artifacts, ...args], {
    timeoutMs: 1_200_000,
  });
  assertEquals(outcome.code, 0, outcome.stderr);
  const [row] = documentOf(outcome).platforms;
  assertEquals(row.status, "pass");
  return { artifacts, log: await Deno.readTextFile(row.log) };
}

for (const { name, arch } of platforms) {
  const { elf, qemu, uname } = ARCH[arch];
  const isTested = elf.byteOrder === "big" || thorough;
  Deno.test(`${name}: guests that answer, and the sample with its byte order and word size`, {
    ignore: !isTested,
  }, async (t) => {
    await using box = await makeSandbox();
    if (thorough) {
      const ready = await box.task("setup-images", [name, "--yes"], { timeoutMs: 1_800_000 });
      assertEquals(ready.code, 0, ready.stderr);
    }
    await t.step("vm-run starts a restored guest, where QEMU can", async () => {
      await box.task("vm-run", [name, "--", "true"], { timeoutMs: 600_000 });
      const warm = await box.task("vm-run", [name, "--", "uname", "-m"]);
      assertEquals([warm.code, warm.stdout.trim()], [0, uname], warm.stderr);
      const log = await Deno.readTextFile(join(box.dir, `logs/vm-run-${name}.log`));
      assertEquals(log.includes("== restored: "), qemu.restores !== false);
    });
    await t.step("the sample says what the architecture is", async () => {
      const { artifacts, log } = await build(box, name, []);
      const order = elf.byteOrder.toUpperCase();
      assertMatch(log, new RegExp(`machine-${order}_ENDIAN-${elf.bits}-bits \\.+ +Passed`));
      const hello = readElfHeader(await Deno.readFile(join(artifacts, name, "hello")));
      assertEquals(
        [hello?.machine, hello?.bits, hello?.byteOrder],
        [elf.machine, elf.bits, elf.byteOrder],
      );
    });
    await t.step({
      name: "--incremental builds what has changed, with what is kept on a disk",
      ignore: !thorough,
      fn: async () => {
        const project = join(root, "examples/hello-cmake");
        for (const what of ["first", "second"]) {
          const { log } = await build(box, name, ["--incremental", "--project", project]);
          assertEquals(/Building CXX object/.test(log), what === "first", what);
        }
      },
    });
    await t.step({
      name: "cJSON passes its own tests",
      ignore: !thorough,
      fn: async () => {
        const project = await fetchSource("cjson", box.dir);
        await Deno.writeTextFile(join(project, "guesthouse.json"), JSON.stringify(CJSON));
        const { log } = await build(box, name, ["--project", project]);
        assertMatch(log, /100% tests passed, 0 tests failed out of \d\d/);
      },
    });
    await box.assertClean();
  });
}
