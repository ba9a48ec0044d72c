// The NixOS configuration, evaluated without NixOS: modules are merged, and what they set is JSON.
import { assertEquals } from "@std/assert";
import { copy } from "@std/fs";
import { join } from "@std/path";
import { root } from "../../lib/base/files/paths.ts";
import { run } from "../../lib/base/process/run.ts";
import { PROJECT_NIX } from "../../lib/dev/flavour/nixos/local_file.ts";

/** Writes nothing, needs no daemon. */
export const NIX_INSTANTIATE = ["nix-instantiate", "--store", "dummy://"];

/** Stands in for a checkout of nixpkgs. */
export const STUB_NIXPKGS: string = join(root, "tests/nix/nixpkgs");

/** A copy of `nix/` with a `local.nix` of the test's own; disposal removes it. */
export interface NixCopy extends AsyncDisposable {
  readonly dir: string;
}

/** Copies `nix/` as git has it, without what this host has written there. */
export async function copyNix(localNix?: string): Promise<NixCopy> {
  const parent = await Deno.makeTempDir({ prefix: "guesthouse-nix-" });
  const dir = join(parent, "nix");
  await copy(PROJECT_NIX, dir);
  for (const name of ["local.nix", "flake.lock"]) {
    await Deno.remove(join(dir, name)).catch(() => {});
  }
  if (localNix !== undefined) await Deno.writeTextFile(join(dir, "local.nix"), localNix);
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(parent, { recursive: true }) };
}

/** Evaluates an expression to its end. */
export async function evaluate(expression: string) {
  const { code, stdout, stderr } = await run(
    [...NIX_INSTANTIATE, "--eval", "--strict", "--json", "--expr", expression],
    { timeoutMs: 60_000 },
  );
  return { code, stderr, value: code === 0 ? JSON.parse(stdout) : undefined };
}

/** What the configuration sets, with this `local.nix`. */
// deno-lint-ignore no-explicit-any -- as deep and as free as NixOS's options are
export async function evaluateConfig(localNix?: string): Promise<any> {
  await using copied = await copyNix(localNix);
  const { code, stderr, value } = await evaluate(
    `(import ${copied.dir} { nixpkgs = ${STUB_NIXPKGS}; }).config`,
  );
  assertEquals(code, 0, stderr);
  return value;
}
