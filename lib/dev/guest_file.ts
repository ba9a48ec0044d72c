import { z } from "zod";
import { atomicWrite } from "../base/files/atomic_write.ts";
import { readJson } from "../base/files/read_json.ts";
import { HostError } from "../base/errors.ts";
import { exists } from "../base/files/directories.ts";
import { FLAVOURS } from "../config/dev_names.ts";
import { DEV_FILES, devFile } from "./state/dev_paths.ts";
import { join } from "@std/path";

const guestSchema = z.object({
  name: z.string(),
  flavour: z.enum(FLAVOURS),
  /** ISO 8601, UTC. */
  created: z.string(),
});

/** The record of a guest that init has finished. */
type DevGuest = Readonly<z.output<typeof guestSchema>>;

/**
 * The finished guest of that name. A damaged record, which is written last, is reconstructed from
 * the files beside it, so that the guest does not count as unfinished.
 */
export async function findDevGuest(name: string): Promise<DevGuest | undefined> {
  const path = devFile(name, "guest");
  const guest = await readJson(path, guestSchema);
  return guest === undefined && await exists(path) ? await guessDevGuest(name) : guest;
}

async function guessDevGuest(name: string): Promise<DevGuest | undefined> {
  const disk = await Deno.stat(devFile(name, "disk")).catch(() => undefined);
  if (disk === undefined) return undefined;
  // NixOS has its boot loader on the disk.
  const flavour = await exists(devFile(name, "kernel")) ? "debian" : "nixos";
  return { name, flavour, created: (disk.birthtime ?? disk.mtime ?? new Date(0)).toISOString() };
}

/** Like {@link findDevGuest}. Throws {@link HostError} with the command that creates the guest. */
export async function requireDevGuest(name: string): Promise<DevGuest> {
  const guest = await findDevGuest(name);
  if (guest !== undefined) return guest;
  const why = await exists(devFile(name, "staging"))
    ? "its creation was interrupted"
    : "it has not been created yet";
  throw new HostError(`Cannot use guest "${name}": ${why}`, { next: "deno task arm-dev-init" });
}

/** Records in a directory that the guest in it is complete. */
export async function writeDevGuest(dir: string, guest: DevGuest): Promise<void> {
  await atomicWrite(join(dir, DEV_FILES.guest), `${JSON.stringify(guest, null, 2)}\n`);
}
