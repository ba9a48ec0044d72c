import { join } from "@std/path";
import { WorkError } from "../../base/errors.ts";
import { exists } from "../../base/files/directories.ts";
import { imageCacheDir, root } from "../../base/files/paths.ts";
import { $ } from "../../base/process/dollar.ts";
import type { Arch } from "../../config/archs.ts";
import type { Crate } from "../stages.ts";
import { forgetRustLibrary } from "./rust_library.ts";
import { findToolchain } from "./rust_toolchain.ts";
import type { PartRecipe } from "./part_store.ts";

/**
 * Compiles one of our programs again whenever its part is built: cargo compares times, so changed
 * sources with older times (as from rsync, `cp -a` and tar) would keep the previous program.
 */
export function compiledAgain(part: PartRecipe, crate: Crate, arch: Arch): PartRecipe {
  return {
    ...part,
    async build(dir, options) {
      const kept = await forgetCompiled(crate, arch, options.signal);
      try {
        await part.build(dir, options);
      } catch (error) {
        options.signal.throwIfAborted();
        if (kept === undefined || !(error instanceof WorkError)) throw error;
        // What is kept of the libraries may be damaged, which rustc has many words for.
        options.log(`compiling ${crate} again without ${kept}: ${error.message}`);
        await Deno.remove(kept, { recursive: true });
        await forgetRustLibrary(arch);
        await part.build(dir, options);
      }
    },
  };
}

/** Removes cargo's output of the crate, not of its dependencies; returns the directory, if any. */
async function forgetCompiled(
  crate: Crate,
  arch: Arch,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { cargo, rustc, target } = await findToolchain(arch, signal);
  const targetDir = join(imageCacheDir(), "cargo", crate);
  const kept = join(targetDir, target);
  if (!await exists(kept)) return undefined;
  const code = await $`${cargo} clean --package ${crate} --release --locked --target ${target}`
    .cwd(join(root, "images", crate)).signal(signal)
    .env({ RUSTC: rustc, CARGO_TARGET_DIR: targetDir, CARGO_TERM_COLOR: "never" })
    .code();
  if (code === 0) return kept;
  // Cargo does not understand it.
  await Deno.remove(kept, { recursive: true });
  return undefined;
}
