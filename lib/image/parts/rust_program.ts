import { join } from "@std/path";
import { WorkError } from "../../base/errors.ts";
import { $ } from "../../base/process/dollar.ts";
import { imageCacheDir, root } from "../../base/files/paths.ts";
import type { Arch } from "../../config/archs.ts";
import { checkArch } from "./check_arch.ts";
import { ensureRustLibrary } from "./rust_library.ts";
import { RUST_BUILD } from "./rust_build.ts";
import { findToolchain, type RustToolchain } from "./rust_toolchain.ts";
import type { PartRecipe } from "./part_store.ts";
import { type Crate, crateInput, stageInput } from "../stages.ts";

/** How to compile one of our programs, statically linked. */
export async function rustProgram(
  crate: Crate,
  output: string,
  arch: Arch,
  signal: AbortSignal,
): Promise<PartRecipe> {
  const toolchain = await findToolchain(arch, signal);
  const { identity, target } = toolchain;
  return {
    title: `${crate} ${arch}`,
    outputs: [output],
    inputs: [
      { name: "toolchain", value: { identity, target } },
      crateInput(crate),
      stageInput("rust", RUST_BUILD),
    ],
    async build(dir, { signal, onPhase, log }) {
      onPhase("compile");
      const built = await compile(crate, arch, toolchain, { signal, log });
      const bytes = await Deno.readFile(built);
      checkArch(bytes, arch, built);
      await Deno.writeFile(join(dir, output), bytes, { mode: 0o755 });
    },
  };
}

async function compile(
  crate: Crate,
  arch: Arch,
  toolchain: RustToolchain,
  { signal, log }: { readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<string> {
  const crateDir = join(root, "images", crate);
  const targetDir = join(imageCacheDir(), "cargo", crate);
  const { cargo, rustc, target, linker } = toolchain;
  const library = toolchain.fetchesLibrary
    ? ["-L", await ensureRustLibrary(arch, toolchain, { signal, log })]
    : [];
  const flags = [
    ...RUST_BUILD.flags,
    ...library,
    // So that no path of this machine is in the program, and two checkouts give the same bytes.
    `--remap-path-prefix=${crateDir}=/${crate}`,
    `--remap-path-prefix=${
      Deno.env.get("CARGO_HOME") ?? join(Deno.env.get("HOME") ?? "/root", ".cargo")
    }=/cargo`,
    ...(linker === undefined ? ["-C", "linker=rust-lld"] : ["-C", `linker=${linker}`]),
  ];
  const onOutput = (text: string) => text.split("\n").filter(Boolean).forEach(log);
  const { code, stdout, stderr } = await $`${cargo} ${RUST_BUILD.cargo} --target ${target}`
    .cwd(crateDir).with({ signal, onOutput }).noThrow().env({
      RUSTC: rustc,
      CARGO_TARGET_DIR: targetDir,
      // Separated by 0x1f, since a path may hold spaces.
      CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
      CARGO_TERM_COLOR: "never",
    });
  if (code !== 0) {
    throw new WorkError(`Cannot compile ${crate} for ${target}: cargo exited with status ${code}`, {
      details: (stderr + stdout).split("\n").filter(Boolean).slice(-12),
    });
  }
  return join(targetDir, target, "release", crate);
}
