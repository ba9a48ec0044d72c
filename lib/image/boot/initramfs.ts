import { basename } from "@std/path";
import { ARCH, type Arch, type Transport } from "../../config/archs.ts";
import { charDevice, type CpioEntry, directory, file, packCpio } from "../format/cpio.ts";
import { type KernelModule, readModule } from "./modules.ts";

/** The drivers of how virtio devices are attached; that of channels is linked into the kernel. */
const TRANSPORTS: Readonly<Record<Transport, readonly string[]>> = {
  pci: ["virtio_pci"],
  mmio: ["virtio_mmio"],
  ccw: [],
};

/** Modules that a guest needs before its root disk can be mounted, and for its network. */
export function bootModules(arch: Arch): string[] {
  const { qemu: { transport }, micro } = ARCH[arch];
  // The same for its microVMs, whatever their machine.
  const transports: Transport[] = micro === undefined ? [transport] : ["pci", "mmio"];
  return [
    ...transports.flatMap((one) => TRANSPORTS[one]),
    ...["virtio_blk", "virtio_net", "ext4"],
  ];
}

/** What an initramfs is made of. */
interface InitramfsParts {
  /** tiny-init, for the guest's architecture. */
  readonly init: Uint8Array;
  /** Modules in the order in which they are loaded. */
  readonly modules: readonly KernelModule[];
}

/** Packs the initramfs uncompressed: unpacking under emulation costs more than reading. */
export async function buildInitramfs(parts: InitramfsParts): Promise<Uint8Array<ArrayBuffer>> {
  return packCpio([...initEntries(parts.init), ...await moduleEntries(parts.modules)]);
}

/** tiny-init, the directories that it mounts on, and the device nodes that it needs before that. */
export function initEntries(init: Uint8Array): CpioEntry[] {
  return [
    ...["dev", "proc", "sys", "tmp", "mnt"].map((path) => directory(path)),
    charDevice("dev/console", 5, 1),
    charDevice("dev/null", 1, 3, 0o666),
    file("init", init, 0o755),
  ];
}

const moduleFile = (path: string): string => basename(path, ".xz");

/** Modules with the order in which they are loaded, as tiny-init reads it. */
export async function moduleEntries(modules: readonly KernelModule[]): Promise<CpioEntry[]> {
  const files = modules.map(async ({ path }) =>
    file(`modules/${moduleFile(path)}`, await readModule(path))
  );
  return [
    directory("modules"),
    file("modules/order", modules.map(({ path }) => `${moduleFile(path)}\n`).join("")),
    ...await Promise.all(files),
  ];
}
