import { dirname, join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { findProgram } from "../../base/process/find_program.ts";
import { crossGcc } from "../../host/tools/part_tools.ts";
import { rustupPrograms } from "../../host/tools/rust_tools.ts";
import { programIdentity } from "../../host/tools/tools.ts";
import { ARCH, type Arch } from "../../config/archs.ts";
import { rustSysroot } from "./rust_sysroot.ts";

export interface RustToolchain {
  readonly cargo: string;
  readonly rustc: string;
  /** Rust's name of the target, e.g. `aarch64-unknown-linux-musl`. */
  readonly target: string;
  /** The C compiler that links; `undefined` where Rust brings its own linker. */
  readonly linker: string | undefined;
  /** Whether its library is fetched when it is needed (`ensureRustLibrary()`). */
  readonly fetchesLibrary: boolean;
  /** What may change the bytes of a program: the compiler and the linker. */
  readonly identity: string;
}

/**
 * A toolchain with a standard library for the architecture, preferably musl's, which gives smaller
 * programs. For Debian's compiler, a missing one is fetched. Throws {@link HostError} with the
 * command that installs one.
 */
export async function findToolchain(arch: Arch, signal: AbortSignal): Promise<RustToolchain> {
  for (const rustc of rustcs()) {
    const cargo = join(dirname(rustc), "cargo");
    if (findProgram(cargo) === undefined) continue;
    const sysroot = await rustSysroot(rustc, signal);
    if (sysroot === undefined) continue;
    for (const libc of ["musl", "gnu"] as const) {
      const target = ARCH[arch].rust[libc];
      if (target === undefined) continue;
      const haveLibrary = findProgram(join(sysroot, "lib/rustlib", target, "lib")) !== undefined;
      if (!haveLibrary && (libc === "musl" || !canFetch(rustc, arch))) continue;
      const linker = libc === "musl" ? undefined : crossGcc(arch);
      if (linker !== undefined && findProgram(linker) === undefined) continue;
      const parts = [
        await programIdentity(rustc),
        compilerBehind(rustc, sysroot),
        linker && await programIdentity(linker),
      ];
      return {
        ...{ cargo, rustc, target, linker, fetchesLibrary: !haveLibrary },
        identity: parts.filter(Boolean).join("; "),
      };
    }
  }
  throw new HostError(`Cannot compile for ${arch}: no Rust toolchain here has its library`, {
    next: "deno task check --install --for build-images, or rustup target add " +
      (ARCH[arch].rust.musl ?? ARCH[arch].rust.gnu),
  });
}

/** Whether Debian has the library of another architecture for a compiler; its own comes with it. */
const canFetch = (rustc: string, arch: Arch): boolean =>
  rustc === "/usr/bin/rustc" && arch !== Deno.build.arch &&
  findProgram("/usr/share/doc/rustc-web") !== undefined;

/** Debian's first: it has a fixed place and all architectures. */
function rustcs(): string[] {
  const rustup = join(rustupPrograms(), "rustc");
  const found = ["/usr/bin/rustc", findProgram("rustc")?.path, rustup];
  return [...new Set(found.filter((path) => path !== undefined))]
    .filter((path) => findProgram(path) !== undefined);
}

/** What rustup's stand-in runs, which says more than the stand-in; `undefined` if it is none. */
function compilerBehind(rustc: string, sysroot: string): string | undefined {
  const found = findProgram(join(sysroot, "bin/rustc"));
  if (found === undefined || found.path === rustc) return undefined;
  return `${found.path} (${found.bytes} bytes of ${found.changedMs})`;
}
