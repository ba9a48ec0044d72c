import { join } from "@std/path";
import { readVariable } from "../../base/process/clean_environment.ts";
import { findProgram } from "../../base/process/find_program.ts";
import { ARCH, type Arch, ARCHS } from "../../config/archs.ts";
import type { Tool, ToolGroup, ToolNeed } from "./tool.ts";

/** What runs in microVMs is compiled, and of that the init of every image. */
export const COMPILING: readonly ToolGroup[] = ["rust", "init"];

/** Where systems keep programs of their own. */
const DIRS = ["/usr/bin", "/opt/homebrew/bin", "/nix/var/nix/profiles/default/bin"];

const isDebian = ({ distroId }: ToolNeed) => distroId === "debian";

const home = () => readVariable("HOME") || "/root";

/** Where packages have rustup; Homebrew's is on no `PATH`. */
export const RUSTUP = {
  ...{ apt: "/usr/bin/rustup", brew: "/opt/homebrew/opt/rustup/bin/rustup" },
} as const;

/** Where rustup puts the programs of its toolchains. */
export const rustupPrograms = (): string =>
  join(readVariable("CARGO_HOME") || join(home(), ".cargo"), "bin");

/** A directory of rustup's default toolchain. */
function rustupLibrary(target: string): string {
  const toolchains = join(readVariable("RUSTUP_HOME") || join(home(), ".rustup"), "toolchains");
  return join(toolchains, `stable-${Deno.build.target}`, "lib/rustlib", target, "lib");
}

/** Something of Rust's, and where it comes from. */
interface RustTool extends Pick<Tool, "name" | "groups" | "purpose"> {
  readonly debian: { readonly programs: readonly string[]; readonly package: string };
  readonly elsewhere: {
    readonly programs: readonly string[];
    readonly packages?: Tool["packages"];
    /** What rustup fetches beside its stable toolchain. */
    readonly setup: readonly string[];
  };
}

/** The tool for Debian, and for the rest, where rustup brings what is missing. */
function rustTool({ debian, elsewhere, ...common }: RustTool): Tool[] {
  return [
    {
      ...common,
      programs: debian.programs,
      packages: { apt: debian.package },
      neededIf: isDebian,
    },
    {
      ...common,
      programs: elsewhere.programs,
      packages: { ...elsewhere.packages, ...PACKAGES },
      setup: rustup(elsewhere.setup),
      neededIf: (need) => !isDebian(need),
    },
  ];
}

const PACKAGES = { apt: "rustup", brew: "rustup" } as const;

/** What rustup fetches beside its stable toolchain. */
function rustup(more: readonly string[]): NonNullable<Tool["setup"]> {
  return {
    ...{ package: "rustup", places: RUSTUP },
    find: () => findProgram("rustup")?.path ?? findProgram(join(rustupPrograms(), "rustup"))?.path,
    // Not its documentation, which is most of it.
    args: ["toolchain", "install", "stable", "--profile", "minimal", ...more],
  };
}

/** Rust's standard library for guests; Debian's compiler fetches those of other architectures. */
function rustLibrary(arch: Arch): Tool[] {
  const { gnu, musl = gnu } = ARCH[arch].rust;
  const common = {
    name: `rust-std-${arch}`,
    groups: COMPILING,
    purpose: `compiles programs for ${arch} guests`,
  };
  return [
    {
      ...common,
      programs: [`/usr/lib/rustlib/${gnu}/lib`],
      packages: { apt: "libstd-rust-web-dev" },
      neededIf: (need) => isDebian(need) && need.arch === arch,
    },
    {
      ...common,
      programs: [rustupLibrary(musl), `/usr/lib/rustlib/${musl}/lib`],
      packages: PACKAGES,
      setup: rustup(["--target", musl]),
      neededIf: (need) => !isDebian(need) && need.guestArchs.includes(arch),
    },
  ];
}

/** A program of Rust's. */
function rustProgram(
  { debian, packages, setup = [], ...common }:
    & Pick<Tool, "name" | "groups" | "purpose" | "packages">
    & { readonly debian: string; readonly setup?: readonly string[] },
): Tool[] {
  const programs = DIRS.map((dir) => join(dir, common.name));
  const elsewhere = [join(rustupPrograms(), common.name), ...programs];
  return rustTool({
    ...common,
    debian: { programs, package: debian },
    elsewhere: { programs: elsewhere, packages, setup },
  });
}

/** What compiles programs for guests. */
export const RUST_TOOLS: readonly Tool[] = [
  ...rustProgram({
    name: "cargo",
    groups: COMPILING,
    purpose: "compiles what runs in guests",
    packages: { dnf: "cargo", pacman: "rust", nix: "cargo" },
    debian: "cargo-web",
  }),
  ...ARCHS.flatMap(rustLibrary),
];

/** What judges their sources. */
export const RUST_TEST_TOOLS: readonly Tool[] = [
  ...rustProgram({
    name: "cargo-clippy",
    groups: ["test"],
    purpose: "finds faults in what runs in microVMs",
    packages: { dnf: "clippy", pacman: "rust", nix: "clippy" },
    debian: "rust-web-clippy",
    setup: ["--component", "clippy"],
  }),
  ...rustProgram({
    name: "rustfmt",
    groups: ["test"],
    purpose: "checks the format of what runs in microVMs",
    packages: { dnf: "rustfmt", pacman: "rust", nix: "rustfmt" },
    debian: "rustfmt-web",
    setup: ["--component", "rustfmt"],
  }),
];
