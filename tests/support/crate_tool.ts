// Programs that only crates.io has, compiled once and kept beside the parts of images.
import { join } from "@std/path";
import { acquireLock } from "../../lib/base/files/lock.ts";
import { imageCacheDir } from "../../lib/base/files/paths.ts";
import { $ } from "../../lib/base/process/dollar.ts";

/** Half a minute of run time is less than what optimising would take. */
const FAST_COMPILE = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
  CARGO_PROFILE_RELEASE_LTO: "off",
  CARGO_PROFILE_RELEASE_DEBUG: "0",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
};

/** Installs `crate@version`, unless it is there, and returns the path of its program. */
export async function ensureCrateTool(crate: string, version: string): Promise<string> {
  const dir = join(imageCacheDir(), "cargo-tools");
  await Deno.mkdir(dir, { recursive: true });
  await using _ = await acquireLock(join(dir, "lock"));
  const crateDir = join(dir, `${crate}-${version}`);
  const program = join(crateDir, "bin", crate);
  if (await Deno.stat(program).then(() => true, () => false)) return program;
  console.log(`Compiling ${crate} ${version}, which takes minutes, once`);
  const [install, target] = ["install", "--target-dir"];
  const command = [
    ...["/usr/bin/cargo", install, "--quiet", "--locked", "--root", crateDir],
    ...[target, join(dir, "target"), `${crate}@${version}`],
  ];
  // Debian's toolchain, whatever a rustup may have put before it.
  const env = {
    ...FAST_COMPILE,
    PATH: `/usr/bin:${Deno.env.get("PATH")}`,
    RUSTC: "/usr/bin/rustc",
  };
  await $`${command}`.env(env).what(`compile ${crate} ${version}`);
  return program;
}
