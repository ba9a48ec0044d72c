import { dirname, join } from "@std/path";
import { HostError } from "../../cli/errors.ts";
import { findProgram } from "../../host/find_program.ts";
import { run } from "../../host/process.ts";
import { programIdentity } from "../../host/tools.ts";
import type { ElfArch } from "../elf.ts";

/** Programs that compile Rust for a guest. */
export interface RustToolchain {
  readonly cargo: string;
  readonly rustc: string;
  /** Rust's name of the target, e.g. `aarch64-unknown-linux-musl`. */
  readonly target: string;
  /** The C compiler that links; `undefined` where Rust brings its own linker. */
  readonly linker: string | undefined;
  /** What may change the bytes of a program: the compiler and the linker. */
  readonly identity: string;
}

/** Debian's linker for a foreign architecture, from the package `gcc-ARCH-linux-gnu`. */
const crossLinker = (arch: ElfArch) => `${arch}-linux-gnu-gcc`;

/**
 * Finds a toolchain that can compile for the architecture: one whose standard library for it is
 * installed, musl's first, since programs are smaller with it. Debian's own (`/usr/bin/rustc`) has
 * both architectures; a rustup toolchain has what its user added. Throws {@link HostError} with the
 * command that installs one.
 */
export async function findToolchain(arch: ElfArch, signal: AbortSignal): Promise<RustToolchain> {
  for (const rustc of rustcs()) {
    const cargo = join(dirname(rustc), "cargo");
    if (findProgram(cargo) === undefined) continue;
    for (const libc of ["musl", "gnu"]) {
      const target = `${arch}-unknown-linux-${libc}`;
      if (!await haveTarget(rustc, target, signal)) continue;
      const linker = libc === "musl" ? undefined : crossLinker(arch);
      if (linker !== undefined && findProgram(linker) === undefined) continue;
      const parts = [await programIdentity(rustc), linker && await programIdentity(linker)];
      return { cargo, rustc, target, linker, identity: parts.filter(Boolean).join("; ") };
    }
  }
  throw new HostError(`Cannot compile for ${arch}: no Rust toolchain here has its library`, {
    next: "deno task check --install --for build-images, or rustup target add " +
      `${arch}-unknown-linux-musl`,
  });
}

/** Debian's first: it has a fixed place and both architectures. */
function rustcs(): string[] {
  const found = ["/usr/bin/rustc", findProgram("rustc")?.path];
  return [...new Set(found.filter((path) => path !== undefined))]
    .filter((path) => findProgram(path) !== undefined);
}

async function haveTarget(rustc: string, target: string, signal: AbortSignal): Promise<boolean> {
  const command = [rustc, "--print", "target-libdir", "--target", target];
  const { code, stdout } = await run(command, { signal });
  if (code !== 0) return false;
  return await Deno.stat(stdout.trim()).then(() => true, () => false);
}
