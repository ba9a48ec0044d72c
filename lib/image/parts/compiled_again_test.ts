import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { WorkError } from "../../base/errors.ts";
import { exists } from "../../base/files/directories.ts";
import { imageCacheDir } from "../../base/files/paths.ts";
import { makeImagesDir } from "../platform/image_testing.ts";
import { compiledAgain } from "./compiled_again.ts";
import { findToolchain } from "./rust_toolchain.ts";

const { signal } = new AbortController();
const toolchain = await findToolchain(Deno.build.arch, signal).catch(() => undefined);
const ignore = toolchain === undefined;

/** A part whose build fails so many times; with what cargo has kept of its libraries, or without. */
async function build(failures: number, kept: boolean) {
  await using _images = await makeImagesDir();
  const dir = join(imageCacheDir(), "cargo/tiny-init", toolchain?.target ?? "");
  if (kept) await Deno.mkdir(join(dir, "release/deps"), { recursive: true });
  const log: string[] = [];
  const found: boolean[] = [];
  const part = compiledAgain(
    {
      ...{ title: "tiny-init", outputs: ["tiny-init"], inputs: [] },
      async build() {
        found.push(await exists(dir));
        if (found.length <= failures) throw new WorkError("found invalid metadata files");
      },
    },
    "tiny-init",
    Deno.build.arch,
  );
  await part.build("/nowhere", { signal, onPhase: () => {}, log: (line) => log.push(line) });
  return { found, log };
}

Deno.test({
  name: "compiledAgain() compiles once more without cargo's kept output, which may be damaged",
  ignore,
  async fn() {
    assertEquals(await build(0, true), { found: [true], log: [] });
    const { found, log } = await build(1, true);
    assertEquals(found, [true, false]);
    assertStringIncludes(log[0] ?? "", "compiling tiny-init again without ");
  },
});

Deno.test({
  name: "compiledAgain() does not retry if cargo kept nothing, nor more than once",
  ignore,
  async fn() {
    await assertRejects(() => build(1, false), WorkError, "invalid metadata");
    await assertRejects(() => build(2, true), WorkError, "invalid metadata");
  },
});
