import { walk } from "@std/fs";
import { join, relative } from "@std/path";
import { type TaskError, WorkError } from "../base/errors.ts";
import { showPath } from "../config/show_path.ts";
import { root } from "../base/files/paths.ts";
import type { FlavourName } from "../config/dev_config.ts";
import { type LocalSettings, nixDir, PROJECT_NIX } from "./flavour/nixos/local_file.ts";
import { type NixError, parseNixError, placeText } from "./flavour/nixos/nix_error.ts";
import { configurationIn } from "./flavour/nixos/seed_disk.ts";

/** What an update applies, by flavour. */
export interface UpdateSource {
  readonly flavour: FlavourName;
  /** Puts it into a directory, which is sent to the guest. */
  fill(dir: string): Promise<void>;
  /** Why it could not be applied, from what the guest printed. */
  explain(name: string, lines: readonly string[]): TaskError;
}

/** The checkout's `nix/`, with this host's `local.nix`. */
export async function nixosSource(settings: LocalSettings): Promise<UpdateSource> {
  const files = await nixFiles();
  return {
    flavour: "nixos",
    fill: (dir) => configurationIn(join(dir, "nix"), settings),
    explain: (name, lines) => explainNix(name, lines, files),
  };
}

/** The Debian flavour's provisioning. */
export const debianSource: UpdateSource = {
  flavour: "debian",
  fill: (dir) =>
    Deno.copyFile(join(root, "provision/arm_dev_debian.sh"), join(dir, "provision.sh")),
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
