import { z } from "zod";
import { atomicWrite } from "../base/files/atomic_write.ts";
import { readJson } from "../base/files/read_json.ts";
import { HostError } from "../base/errors.ts";
import { exists } from "../base/files/folders.ts";
import { FLAVOURS } from "../config/dev_names.ts";
import { DEV_FILES, devDir, devFile } from "./state/dev_paths.ts";
import { join } from "@std/path";

const guestSchema = z.object({
  name: z.string(),
  flavour: z.enum(FLAVOURS),
  /** ISO 8601, UTC. */
  created: z.string(),
});

/** What is known of a guest that init has finished. */
type DevGuest = Readonly<z.output<typeof guestSchema>>;

/**
 * The finished guest of that name; `undefined` if init was never run or not to its end. A record
 * that is damaged (it is written last, to a whole guest) is made up for by the files beside it, so
 * that nobody takes the guest for one that may be made over.
 */
export async function findDevGuest(name: string): Promise<DevGuest | undefined> {
  const path = devFile(name, "guest");
  const guest = await readJson(path, guestSchema);
  return guest === undefined && await exists(path) ? await guessDevGuest(name) : guest;
}

async function guessDevGuest(name: string): Promise<DevGuest | undefined> {
  const disk = await Deno.stat(devFile(name, "disk")).catch(() => undefined);
  if (disk === undefined) return undefined;
  // NixOS has its boot loader in the disk.
  const flavour = await exists(devFile(name, "kernel")) ? "debian" : "nixos";
  return { name, flavour, created: (disk.birthtime ?? disk.mtime ?? new Date(0)).toISOString() };
}

/** As {@link findDevGuest}. Throws {@link HostError} with the command that makes the guest. */
export async function requireDevGuest(name: string): Promise<DevGuest> {
  const guest = await findDevGuest(name);
  if (guest !== undefined) return guest;
  const begun = await Deno.stat(join(devDir(name), DEV_FILES.staging)).then(
    () => true,
    () => false,
  );
  throw new HostError(
    `Cannot use guest "${name}": ${
      begun ? "it was not made to its end" : "it has not been made yet"
    }`,
    { next: "deno task arm-dev-init" },
  );
}

/** Says in a directory that the guest in it is whole. */
export async function writeDevGuest(dir: string, guest: DevGuest): Promise<void> {
  await atomicWrite(join(dir, DEV_FILES.guest), `${JSON.stringify(guest, null, 2)}\n`);
}
