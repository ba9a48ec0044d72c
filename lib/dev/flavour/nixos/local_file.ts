import { join, resolve } from "@std/path";
import { atomicWrite } from "../../../base/files/atomic_write.ts";
import { root } from "../../../base/files/paths.ts";
import type { DevConfig } from "../../../config/dev_config.ts";
import { readTextIfPresent } from "../../../base/files/read_text.ts";
import type { GuestMount, Ids } from "../../share/share.ts";
import { nixText } from "./nix_text.ts";

/** The NixOS configuration of this checkout. */
export const PROJECT_NIX: string = join(root, "nix");

/** The NixOS configuration that the guest gets (`GUESTHOUSE_NIX`). */
export function nixDir(): string {
  const value = Deno.env.get("GUESTHOUSE_NIX");
  return value === undefined || value === "" ? PROJECT_NIX : resolve(value);
}

/** The file in it that git ignores: this host's own settings. */
const LOCAL_FILE = "local.nix";

/** The settings of the NixOS configuration that depend on this host. */
export interface LocalSettings {
  readonly config: Pick<DevConfig, "name" | "user"> & {
    readonly share: Pick<DevConfig["share"], "name">;
  };
  /** Who the guest's user is. */
  readonly guestIds: Ids;
  /** Lines for `authorized_keys`. */
  readonly authorizedKeys: readonly string[];
  /** What the guest mounts at `/NAME`; `undefined` if it has a copy. */
  readonly mount: GuestMount | undefined;
}

/** The text of `local.nix`: a NixOS module that sets the options of `nix/modules/options.nix`. */
export function localNixText(settings: LocalSettings): string {
  const { config, guestIds, authorizedKeys, mount } = settings;
  const module = {
    armDev: {
      hostName: config.name,
      user: config.user,
      ...guestIds,
      authorizedKeys,
      share: {
        name: config.share.name,
        mode: mount?.type ?? "rsync",
        ...mount === undefined ? {} : { tag: mount.source, options: mount.options },
      },
    },
  };
  return `# Written by the arm-dev tasks from this host's settings; git ignores it.\n${
    nixText(module)
  }\n`;
}

/** Writes `local.nix` into a directory, unless it is unchanged. Returns whether it was written. */
export async function writeLocalNix(settings: LocalSettings, dir = nixDir()): Promise<boolean> {
  const path = join(dir, LOCAL_FILE);
  const text = localNixText(settings);
  if (await readTextIfPresent(path) === text) return false;
  await atomicWrite(path, text);
  return true;
}
