import { join } from "@std/path";
import { WorkError } from "../../cli/errors.ts";
import { exists } from "../../host/folders.ts";
import { imageCacheDir, root } from "../../host/paths.ts";
import { run } from "../../host/process.ts";
import type { ElfArch } from "../elf.ts";
import type { Crate } from "../source_input.ts";
import { findToolchain } from "./rust_toolchain.ts";
import type { PartRecipe } from "./store.ts";

/**
 * Compiles a program of ours anew whenever its part is built. Cargo goes by the times of sources, so
 * that changed ones with older times (as rsync, `cp -a` and tar leave them) would give the former
 * program under the new key. Not in `rust_program.ts`: that is an input of the platforms' images,
 * which are the same with and without this, and take many minutes.
 */
export function compiledAnew(part: PartRecipe, crate: Crate, arch: ElfArch): PartRecipe {
  return {
    ...part,
    async build(dir, options) {
      await forgetCompiled(crate, arch, options.signal);
      await part.build(dir, options);
    },
  };
}

/** Removes what cargo has of the crate itself; what it depends on is in no file of ours, and stays. */
async function forgetCompiled(crate: Crate, arch: ElfArch, signal: AbortSignal): Promise<void> {
  const { cargo, rustc, target } = await findToolchain(arch, signal);
  const targetDir = join(imageCacheDir(), "cargo", crate);
  if (!await exists(join(targetDir, target))) return;
  const command = [
    ...[cargo, "clean", "--package", crate],
    ...["--release", "--locked", "--target", target],
  ];
  const { code, stderr } = await run(command, {
    cwd: join(root, "images", crate),
    env: { RUSTC: rustc, CARGO_TARGET_DIR: targetDir, CARGO_TERM_COLOR: "never" },
    signal,
  });
  if (code === 0) return;
  throw new WorkError(`Cannot compile ${crate} for ${target}: cargo clean exited with ${code}`, {
    details: stderr.split("\n").filter(Boolean).slice(-12),
    next: `rm -r ${targetDir}, and run the task again`,
  });
}
