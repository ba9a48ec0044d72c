import { join } from "@std/path";
import { HostError } from "../../base/errors.ts";
import { $ } from "../../base/process/dollar.ts";
import { parseVersion } from "../../base/versions.ts";
import { exists } from "../../base/files/directories.ts";
import { acquireLock } from "../../base/files/lock.ts";
import { imageCacheDir } from "../../base/files/paths.ts";
import { removeTree } from "../../base/process/remove_tree.ts";
import { ARCH, type Arch } from "../../config/archs.ts";
import { recipeKey } from "../../store/recipe.ts";
import { publish } from "../../store/publish.ts";
import type { RustToolchain } from "./rust_toolchain.ts";
import { openApt, withUpdates } from "../system/debian/debian_package.ts";

/** The package of Debian's newest compiler that has its library, for each architecture. */
const PACKAGE = "libstd-rust-web-dev";

/**
 * Where it is looked for, in order: a release may lack an architecture, but both get the same
 * compiler. Their updates come second, since of some architectures a mirror often has no whole ones.
 */
const SUITES = [["bookworm", "trixie"], ["bookworm", "trixie"].flatMap(withUpdates)];

const prefix = (arch: Arch): string => `rust-library-${arch}-`;

/**
 * Rust's standard library for an architecture, from Debian's packages: unpacked beside the compiler
 * instead of installed, which would need root, a foreign architecture in dpkg, and the same version
 * of each library that both have. Kept until the compiler changes. Returns its directory.
 */
export async function ensureRustLibrary(
  arch: Arch,
  { rustc, identity }: Pick<RustToolchain, "rustc" | "identity">,
  { signal, log }: { readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<string> {
  const cache = imageCacheDir();
  const { key } = await recipeKey([{ name: "compiler", value: identity }]);
  const dir = join(cache, prefix(arch) + key.slice(0, 16));
  const library = join(dir, "usr/lib/rustlib", ARCH[arch].rust.gnu, "lib");
  await Deno.mkdir(cache, { recursive: true });
  await using _lock = await acquireLock(join(cache, `${prefix(arch)}lock`), {
    signal,
    purpose: `getting Rust's library for ${arch}`,
  });
  if (await exists(dir)) return library;
  await forgetRustLibrary(arch);
  const work = await Deno.makeTempDir({ dir: cache, prefix: prefix(arch) });
  await using _work = { [Symbol.asyncDispose]: () => removeTree(work) };
  const debArch = ARCH[arch].debian;
  const onOutput = (text: string) => text.split("\n").filter(Boolean).forEach(log);
  // Libraries that another version has compiled are of no use.
  const compiler = parseVersion(await $`${rustc} --version`.signal(signal).text());
  let versions: string[] = [];
  for (const suites of SUITES) {
    const apt = await openApt(join(work, "apt"), { suites, debArch }, { signal, onOutput });
    versions = await apt.versions(PACKAGE);
    const version = versions.find((one) => one.startsWith(`${compiler}+`));
    if (version === undefined) continue;
    await apt.unpack(`${PACKAGE}=${version}`, join(work, "tree"));
    await publish([{ from: join(work, "tree"), to: dir }]);
    return library;
  }
  throw noLibrary(arch, compiler, versions);
}

function noLibrary(
  arch: Arch,
  compiler: string | undefined,
  versions: readonly string[],
): HostError {
  return new HostError(`Cannot compile for ${arch}: Debian has no library for rustc ${compiler}`, {
    details: [`versions of ${PACKAGE} for ${ARCH[arch].debian}: ${versions.join(", ") || "none"}`],
    next: "upgrade the packages rustc-web and cargo-web, and run the same command again",
  });
}

/** Removes what is kept of it, and what killed tasks left. */
export async function forgetRustLibrary(arch: Arch): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(imageCacheDir())) {
    if (isDirectory && name.startsWith(prefix(arch))) await removeTree(join(imageCacheDir(), name));
  }
}
