import { walk } from "@std/fs";
import { join, relative } from "@std/path";
import { type TaskError, WorkError } from "../base/errors.ts";
import { showPath } from "../config/show_path.ts";
import { root } from "../base/files/paths.ts";
import { makeScratch } from "../base/process/scratch.ts";
import type { FlavourName } from "../config/dev_config.ts";
import {
  type LocalSettings,
  nixDir,
  PROJECT_NIX,
  writeLocalNix,
} from "./flavour/nixos/local_file.ts";
import { type NixError, parseNixError, placeText } from "./flavour/nixos/nix_error.ts";
import { copyConfiguration } from "./flavour/nixos/seed_disk.ts";

/** A directory to send to the guest; disposal removes it. */
interface UpdateTree extends AsyncDisposable {
  readonly dir: string;
}

/** What an update applies, by flavour. */
export interface UpdateSource {
  readonly flavour: FlavourName;
  /** Puts it into a directory, with the script under its name. */
  prepare(script: string, scriptName: string): Promise<UpdateTree>;
  /** Why it could not be applied, from what the guest printed. */
  explain(name: string, lines: readonly string[]): TaskError;
}

/** The checkout's `nix/`, with this host's `local.nix`. */
export async function nixosSource(settings: LocalSettings): Promise<UpdateSource> {
  const files = await nixFiles();
  return {
    flavour: "nixos",
    prepare: (script, scriptName) =>
      makeTree(script, scriptName, async (dir) => {
        await copyConfiguration(join(dir, "nix"));
        await writeLocalNix(settings, join(dir, "nix"));
      }),
    explain: (name, lines) => explainNix(name, lines, files),
  };
}

/** The Debian flavour's provisioning. */
export const debianSource: UpdateSource = {
  flavour: "debian",
  prepare: (script, scriptName) =>
    makeTree(script, scriptName, async (dir) => {
      const provision = join(root, "provision/arm_dev_debian.sh");
      await Deno.copyFile(provision, join(dir, "provision.sh"));
    }),
  explain: (name, lines) =>
    new WorkError(`Cannot update guest "${name}": its provisioning failed, and was rolled back`, {
      details: lines.slice(-12),
      next: "correct provision/arm_dev_debian.sh, and update again",
    }),
};

async function nixFiles(): Promise<string[]> {
  const found = await Array.fromAsync(walk(nixDir(), { exts: [".nix"] }));
  return [...found.map(({ path }) => relative(nixDir(), path)), "local.nix"];
}

async function makeTree(
  script: string,
  scriptName: string,
  fill: (dir: string) => Promise<void>,
): Promise<UpdateTree> {
  const scratch = await makeScratch("update");
  const dir = scratch.path;
  const tree = { dir, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() };
  try {
    await fill(dir);
    await Deno.copyFile(script, join(dir, scriptName));
    return tree;
  } catch (error) {
    await tree[Symbol.asyncDispose]();
    throw error;
  }
}

/** The file and the line first, then Nix's message, then its excerpt of the place. */
export function explainNix(
  name: string,
  lines: readonly string[],
  files: readonly string[],
): TaskError {
  const error = parseNixError(lines.join("\n"), files);
  const dir = nixDir();
  const place = error && placeText(error, dir === PROJECT_NIX ? "nix" : showPath(dir));
  const what = error === undefined ? "nixos-rebuild failed" : [place, error.message]
    .filter((part) => part !== undefined).join(": ");
  return new WorkError(`Cannot update guest "${name}": ${what}`, {
    details: detailsOf(error, lines),
    next: place === undefined ? "deno task arm-dev-update --verbose" : `edit ${place}`,
  });
}

function detailsOf(error: NixError | undefined, lines: readonly string[]): readonly string[] {
  if (error === undefined || error.excerpt.length === 0) return lines.slice(-12);
  return [...error.excerpt, "nothing has changed in the guest"];
}
