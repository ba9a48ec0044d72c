// Boots a stand-in for NixOS's SD image by u-boot, and has it configure itself: the real path from
// download to login, but for NixOS itself, which only its build farm has.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import sources from "../configs/nixos.ts";
import { makeSandbox } from "./harness.ts";
import { makeStandIn, serveFarm } from "./nixos_standin.ts";

/** From an empty disk over two starts under emulation, beside another guest. */
const INIT_MS = 540_000;

Deno.test("arm-dev-init makes a guest of a stock SD image, by u-boot and the serial console", async () => {
  await using sandbox = await makeSandbox();
  const dir = join(sandbox.dir, "farm");
  await Deno.mkdir(dir);
  const image = await makeStandIn(dir);
  await using farm = await serveFarm(sources.image.job, image);
  const env = {
    GUESTHOUSE_NIXOS_FARM: farm.url,
    GUESTHOUSE_IMAGES: join(sandbox.dir, "images/dist"),
  };
  const { code, stderr } = await sandbox.task(
    "arm-dev-init",
    ["--flavour", "nixos", "--yes", "--verbose"],
    { env, timeoutMs: INIT_MS },
  );
  assertEquals(code, 0, stderr);
  const { size } = await Deno.stat(image);
  assertEquals(farm.sent(), size);
  const pins = await Deno.readTextFile(join(sandbox.dir, "state/nixos-pins.json"));
  assertMatch(pins, /"sha256": "[0-9a-f]{64}"/);
  assertStringIncludes(stderr, "install the host key");
  assertStringIncludes(stderr, "build the system");
  await sandbox.assertClean();
});
