import { join } from "@std/path";
import { DEB_ARCH } from "../config/archs.ts";
import { findProgram } from "./find_program.ts";
import type { GuestArch } from "./probe_image.ts";
import type { Tool, ToolGroup, ToolNeed, ToolSetup } from "./tool.ts";

/** What runs in microVMs is compiled, and of that the init of every image. */
export const COMPILING: readonly ToolGroup[] = ["rust", "init"];

/** Where systems keep programs of their own. */
const FOLDERS = ["/usr/bin", "/opt/homebrew/bin", "/nix/var/nix/profiles/default/bin"];

const isDebian = ({ distroId }: ToolNeed) => distroId === "debian";

/** A variable that only some permission sets cover; the others do not look for what it moves. */
function variable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

const home = () => variable("HOME") || "/root";

/** Where rustup puts the programs of its toolchains. */
export const rustupPrograms = (): string =>
  join(variable("CARGO_HOME") || join(home(), ".cargo"), "bin");

/** A folder of rustup's default toolchain. */
function rustupLibrary(target: string): string {
  const toolchains = join(variable("RUSTUP_HOME") || join(home(), ".rustup"), "toolchains");
  const host = `${Deno.build.arch}-${
    Deno.build.os === "darwin" ? "apple-darwin" : "unknown-linux-gnu"
  }`;
  return join(toolchains, `stable-${host}`, "lib/rustlib", target, "lib");
}

/** A program of Rust's, and where it comes from. */
interface RustTool {
  readonly name: string;
  readonly groups: readonly ToolGroup[];
  readonly purpose: string;
  readonly packages: Tool["packages"];
  /** Debian's own package, which has both architectures. */
  readonly debian: string;
  readonly setup: ToolSetup;
}

/**
 * A program of Rust's, once for Debian and once for the rest. Debian has all that is needed, while
 * what its user's rustup has put earlier on the PATH may lack the other architecture. Elsewhere
 * rustup brings what the system has not.
 */
function rustTool({ name, groups, purpose, packages, debian, setup }: RustTool): Tool[] {
  const programs = FOLDERS.map((folder) => `${folder}/${name}`);
  const common = { name, groups, purpose };
  return [
    { ...common, programs, packages: { apt: debian }, neededIf: isDebian },
    {
      ...common,
      programs: [join(rustupPrograms(), name), ...programs],
      packages: { ...packages, apt: "rustup", brew: "rustup" },
      setup,
      neededIf: (need) => !isDebian(need),
    },
  ];
}

/** Has rustup fetch the toolchain that it uses unless told otherwise, and more for it. */
function rustup(...more: readonly string[]): ToolSetup {
  return {
    program: "rustup",
    find: () => findProgram("rustup")?.path ?? findProgram(join(rustupPrograms(), "rustup"))?.path,
    // Not its documentation, which is most of it.
    args: ["toolchain", "install", "stable", "--profile", "minimal", ...more],
  };
}

/** Rust's standard library for guests of an architecture. */
function rustLibrary(arch: GuestArch): Tool[] {
  const target = `${arch}-unknown-linux-musl`;
  const common = {
    name: `rust-std-${arch}`,
    groups: COMPILING,
    purpose: `compiles programs for ${arch} guests`,
  };
  return [
    {
      ...common,
      programs: [`/usr/lib/rustlib/${arch}-unknown-linux-gnu/lib`, rustupLibrary(target)],
      packages: { apt: `libstd-rust-web-dev:${DEB_ARCH[arch]}` },
      neededIf: (need) => isDebian(need) && need.guestArchs.includes(arch),
    },
    {
      ...common,
      programs: [rustupLibrary(target), `/usr/lib/rustlib/${target}/lib`],
      packages: { apt: "rustup", brew: "rustup" },
      setup: rustup("--target", target),
      neededIf: (need) => !isDebian(need) && need.guestArchs.includes(arch),
    },
  ];
}

/** What compiles programs for guests. */
export const RUST_TOOLS: readonly Tool[] = [
  ...rustTool({
    name: "cargo",
    groups: COMPILING,
    purpose: "compiles what runs in guests",
    packages: { dnf: "cargo", pacman: "rust", nix: "cargo" },
    debian: "cargo-web",
    setup: rustup(),
  }),
  ...rustLibrary("x86_64"),
  ...rustLibrary("aarch64"),
];

/** What judges their sources. */
export const RUST_TEST_TOOLS: readonly Tool[] = [
  ...rustTool({
    name: "cargo-clippy",
    groups: ["test"],
    purpose: "finds faults in what runs in microVMs",
    packages: { dnf: "clippy", pacman: "rust", nix: "clippy" },
    debian: "rust-web-clippy",
    setup: rustup("--component", "clippy"),
  }),
  ...rustTool({
    name: "rustfmt",
    groups: ["test"],
    purpose: "checks the format of what runs in microVMs",
    packages: { dnf: "rustfmt", pacman: "rust", nix: "rustfmt" },
    debian: "rustfmt-web",
    setup: rustup("--component", "rustfmt"),
  }),
];
