import { copy } from "@std/fs";
import { join } from "@std/path";
import type { Keys } from "../../../host/keys.ts";
import { root } from "../../../base/files/paths.ts";
import { makeScratch } from "../../../base/process/scratch.ts";
import { $ } from "../../../base/process/dollar.ts";
import { type LocalSettings, nixDir, writeLocalNix } from "./local_file.ts";

/** The label of the seed disk; ext4 allows at most 16 bytes. */
const SEED_LABEL = "ARMDEV_SEED";
/** Far more than the configuration needs; most of it is a hole. */
const SEED_MIB = 16;
/** What runs in the guest on its first boot. */
const APPLY_SCRIPT = join(root, "provision/arm_dev_nixos.sh");

/** What {@link makeSeedDisk} takes. */
interface SeedOptions extends LocalSettings {
  /** The raw image to write. */
  readonly path: string;
  readonly keys: Pick<Keys, "hostSecret" | "hostPublic">;
  readonly signal: AbortSignal;
}

/**
 * Makes the disk from which a stock NixOS gets the checkout's `nix/`, this host's `local.nix`, the
 * guest's host key, and the script that applies them. Private, since it contains that key.
 */
export async function makeSeedDisk(options: SeedOptions): Promise<void> {
  const { path, keys, signal } = options;
  await using scratch = await makeScratch("seed");
  const tree = scratch.path;
  await configurationIn(join(tree, "nix"), options);
  const secret = join(tree, "ssh_host_ed25519_key");
  await Deno.writeTextFile(secret, keys.hostSecret, { mode: 0o600 });
  await Deno.writeTextFile(`${secret}.pub`, `${keys.hostPublic}\n`);
  await Deno.copyFile(APPLY_SCRIPT, join(tree, "apply"));
  await Deno.remove(path).catch(() => {});
  await Deno.writeFile(path, new Uint8Array(), { mode: 0o600 });
  await $`mke2fs -q -t ext4 -d ${tree} -L ${SEED_LABEL} -m 0 -O ^has_journal ${path} ${SEED_MIB}M`
    .signal(signal).what("make the disk with the configuration");
}

/** Where Nix pins nixpkgs. */
export const LOCK_FILE = "flake.lock";

/** The files that Nix evaluates, without leftovers of builds here, and without a damaged lock. */
export async function copyConfiguration(to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isSymlink } of Deno.readDir(nixDir())) {
    // `nix build` leaves links to its results.
    if (isSymlink) continue;
    if (name === LOCK_FILE && !isJson(await Deno.readTextFile(join(nixDir(), name)))) continue;
    await copy(join(nixDir(), name), join(to, name));
  }
}

/** The configuration with this host's settings, in a directory that is made for it. */
export async function configurationIn(dir: string, settings: LocalSettings): Promise<void> {
  await copyConfiguration(dir);
  await writeLocalNix(settings, dir);
}

/** Whether a text is complete JSON. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The root shell's command that applies the seed; only `key` if the disk is already configured. */
export const seedCommand = (only?: "key"): string =>
  `mkdir -p /run/seed && { mountpoint -q /run/seed || mount -o ro LABEL=${SEED_LABEL} /run/seed; }` +
  ` && exec sh /run/seed/apply${only === undefined ? "" : ` ${only}`}`;
