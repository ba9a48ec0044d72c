import { assertEquals } from "@std/assert";
import { platformsDir } from "../base/files/paths.ts";
import { ARCH } from "../config/archs.ts";
import { isCommon, loadPlatforms } from "../config/platform.ts";
import { finishImage, makeImagesDir } from "../image/platform/image_testing.ts";
import { usualPlatforms } from "./usual_platforms.ts";

const namesOf = async (...wanted: string[]) =>
  (await usualPlatforms(platformsDir, wanted)).map(({ name }) => name);

Deno.test("usualPlatforms() are those that are common on this host, and those that are set up", async () => {
  await using _images = await makeImagesDir();
  const all = await loadPlatforms(platformsDir);
  const common = all.filter(isCommon).map(({ name }) => name);
  assertEquals(await namesOf(), common);
  const big = all.find(({ arch }) => ARCH[arch].elf.byteOrder === "big")!;
  await finishImage(big);
  assertEquals((await namesOf()).sort(), [...common, big.name].sort());
});

Deno.test("usualPlatforms() with names are those, set up or not", async () => {
  await using _images = await makeImagesDir();
  assertEquals(await namesOf("debian-riscv64", "debian-arm64"), ["debian-arm64", "debian-riscv64"]);
});

Deno.test("the common platforms are the host's own architecture and 64-bit ARM", async () => {
  const common = (await loadPlatforms(platformsDir)).filter(isCommon);
  const archs = new Set(["aarch64", Deno.build.arch]);
  assertEquals(new Set(common.map(({ arch }) => arch)), archs);
});
