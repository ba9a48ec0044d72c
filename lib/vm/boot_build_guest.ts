import { join } from "@std/path";
import { RUN_FILES } from "../base/files/paths.ts";
import { UsageError } from "../base/errors.ts";
import type { Platform } from "../config/platform.ts";
import type { HostCertificates } from "../guest/certificates.ts";
import type { Keys } from "../host/keys.ts";
import { requireFirmware } from "../host/firmware.ts";
import type { Image } from "../image/platform/platform_image.ts";
import type { Seed } from "../image/system/guest_system.ts";
import { systemOf } from "../image/platform/systems.ts";
import { kernelArgs } from "../qemu/args.ts";
import { firmwareArgs, seedDiskArgs } from "../qemu/firmware_args.ts";
import { kernelCommandLine } from "./build_machine.ts";

/** What {@link bootBuildGuest} boots. */
interface BootRequest {
  readonly platform: Platform;
  readonly image: Pick<Image, "boot">;
  /** More words for the kernel's command line. */
  readonly append?: readonly string[] | undefined;
}

/** What a checkout's guests are given. */
interface BootHost {
  readonly keys: Keys;
  readonly certificates: HostCertificates;
}

/**
 * What boots a build guest, as QEMU's arguments; its files are written into the run's directory.
 * Each guest gets this checkout's keys: images have none.
 */
export async function bootBuildGuest(
  request: BootRequest,
  host: BootHost,
  dir: string,
  extraSeed: () => Promise<Uint8Array> = () => Promise.resolve(new Uint8Array()),
): Promise<string[]> {
  const { image: { boot }, platform, append } = request;
  const { seeds } = systemOf(platform);
  const seed = seeds.run(seedOf(platform, host));
  if (boot === undefined) return await bootFromDisk(request, seed, dir);
  const initramfs = join(dir, RUN_FILES.initramfs);
  await Deno.copyFile(boot.initramfs, initramfs);
  await Deno.chmod(initramfs, 0o600);
  for (const archive of [seed, await extraSeed()]) {
    await Deno.writeFile(initramfs, archive, { append: true });
  }
  const words = kernelCommandLine(platform, append);
  return kernelArgs({ kernel: boot.kernel, initramfs, append: words });
}

/** What this checkout's guests of a platform are given. */
export const seedOf = (
  { name, ssh: { user } }: Pick<Platform, "name" | "ssh">,
  { keys, certificates }: BootHost,
): Seed => ({
  hostKey: { secret: keys.hostSecret, public: keys.hostPublic },
  authorizedKeys: `${keys.clientPublic}\n`,
  ...{ user, hostname: name, certificates: certificates.pem },
});

/** Firmware, and a disk with the run's seed. */
async function bootFromDisk(
  { platform, append = [] }: BootRequest,
  seed: Uint8Array,
  dir: string,
): Promise<string[]> {
  refuseAppend(platform.name, append);
  const path = join(dir, RUN_FILES.seed);
  await Deno.writeFile(path, seed, { mode: 0o600 });
  return [...await bootFirmware(platform, dir), ...seedDiskArgs(path)];
}

/** The firmware that boots a platform's disk, with settings of this run alone, in its directory. */
export async function bootFirmware(
  { name, arch, image }: Pick<Platform, "name" | "arch" | "image">,
  dir: string,
): Promise<string[]> {
  if (systemOf({ image }).boot === "bios") return [];
  const { code, vars } = await requireFirmware(arch, name);
  const ownVars = join(dir, RUN_FILES.firmwareVars);
  await Deno.copyFile(vars, ownVars);
  await Deno.chmod(ownVars, 0o600);
  return firmwareArgs({ code, vars: ownVars });
}

/** The boot loader on its disk has the command line of a guest's kernel. */
function refuseAppend(name: string, append: readonly string[]): void {
  if (append.length === 0) return;
  throw new UsageError(`Cannot use --append: guest "${name}" boots from its own disk`, {
    details: ["its boot loader has the kernel's command line"],
    next: "leave --append out",
  });
}
