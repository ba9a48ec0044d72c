import { basename } from "@std/path";
import { charDevice, type CpioEntry, directory, file, packCpio } from "../format/cpio.ts";
import type { KernelModule } from "./modules.ts";

/** Modules that a guest needs before its root disk can be mounted, and for its network. */
export const BOOT_MODULES = ["virtio_pci", "virtio_mmio", "virtio_blk", "virtio_net", "ext4"];

/** What an initramfs is made of. */
export interface InitramfsParts {
  /** tiny-init, for the guest's architecture. */
  readonly init: Uint8Array;
  /** Modules in the order in which they are loaded. */
  readonly modules: readonly KernelModule[];
}

/**
 * Packs the initramfs. It is not compressed: unpacking under emulation costs more than reading
 * the few MiB that compression would save.
 */
export async function buildInitramfs(parts: InitramfsParts): Promise<Uint8Array<ArrayBuffer>> {
  return packCpio([...initEntries(parts.init), ...await moduleEntries(parts.modules)]);
}

/** tiny-init, the folders that it mounts on, and the device nodes that it needs before that. */
export function initEntries(init: Uint8Array): CpioEntry[] {
  return [
    ...["dev", "proc", "sys", "tmp", "mnt"].map((path) => directory(path)),
    charDevice("dev/console", 5, 1),
    charDevice("dev/null", 1, 3, 0o666),
    file("init", init, 0o755),
  ];
}

/** Modules with the order in which they are loaded, as tiny-init reads it. */
export async function moduleEntries(modules: readonly KernelModule[]): Promise<CpioEntry[]> {
  const files = modules.map(async ({ path }) =>
    file(`modules/${basename(path)}`, await Deno.readFile(path))
  );
  return [
    directory("modules"),
    file("modules/order", modules.map(({ path }) => `${basename(path)}\n`).join("")),
    ...await Promise.all(files),
  ];
}

/** What one run brings into its guest. */
export interface Seed {
  /** OpenSSH private and public host key. */
  readonly hostKey: { readonly secret: string; readonly public: string };
  /** Public keys that may log in as the guest's user. */
  readonly authorizedKeys: string;
  readonly hostname: string;
  /** Login name of the guest's user. */
  readonly user: string;
}

/**
 * Packs a run's keys as a second archive that is appended to the initramfs. So an image holds no
 * key of anybody's, and images are the same for every checkout.
 */
export function packSeed(seed: Seed): Uint8Array<ArrayBuffer> {
  const home = `seed/home/${seed.user}`;
  return packCpio([
    ...["seed", "seed/etc", "seed/etc/ssh", "seed/home", home].map((path) => directory(path)),
    directory(`${home}/.ssh`, 0o700),
    file("seed/etc/hostname", `${seed.hostname}\n`),
    file("seed/etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${seed.hostname}\n`),
    file("seed/etc/ssh/ssh_host_ed25519_key", seed.hostKey.secret, 0o600),
    file("seed/etc/ssh/ssh_host_ed25519_key.pub", seed.hostKey.public),
    file(`${home}/.ssh/authorized_keys`, seed.authorizedKeys, 0o600),
  ]);
}
