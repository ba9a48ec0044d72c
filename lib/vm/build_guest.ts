import { ARCH } from "../config/archs.ts";
import type { NetworkRule } from "../config/network.ts";
import type { Platform } from "../config/platform.ts";
import { type AcceleratorChoice, hypervisorOf } from "../host/accelerator/accelerator.ts";
import { thisHost } from "../host/facts.ts";
import type { Image } from "../image/platform/platform_image.ts";
import { systemOf, warmSeedsOf } from "../image/platform/systems.ts";
import type { SystemSeeds } from "../image/system/guest_system.ts";
import { type HostCertificates, hostCertificates } from "../guest/certificates.ts";
import type { GuestLogs } from "../qemu/launch.ts";
import { bootBuildGuest } from "./boot_build_guest.ts";
import { buildDevices, buildShape } from "./build_machine.ts";
import { bootDeadline, findKeyedHost, type KeyedHost } from "./host.ts";
import type { OpenPlan } from "./plan.ts";
import type { LaunchPlan } from "./launch_guest.ts";
import type { Size } from "./machine.ts";
import { sshLogin, type SshSession } from "./ssh_login.ts";

/** What determines the machine of a build guest. */
export interface GuestRequest extends Size {
  readonly platform: Platform;
  readonly image: Pick<Image, "boot" | "digest" | "dir" | "disk">;
  readonly accelerator: AcceleratorChoice;
  readonly network: NetworkRule;
  /** Port of 127.0.0.1 that leads to the guest's SSH; 0 for a free one. */
  readonly sshPort: number;
  /** From launch to an answered command, under TCG; a hypervisor gets a quarter of it. */
  readonly bootMs: number;
  /** More words for the kernel's command line. */
  readonly append?: readonly string[] | undefined;
  /** The disk of the build cache, where there is one. */
  readonly cacheDisk?: string;
  readonly logs: GuestLogs;
  readonly signal: AbortSignal;
}

/** Finds out what a guest will run on, and makes the checkout's keys if there are none. */
export async function findBuildHost(
  { platform, accelerator, signal }: Pick<GuestRequest, "platform" | "accelerator" | "signal">,
): Promise<BuildHost> {
  const { arch, machine, cpu } = platform;
  const [host, certificates] = await Promise.all([
    findKeyedHost({ arch, machine, cpu: cpu[hypervisorOf(thisHost())], accelerator, signal }),
    hostCertificates(),
  ]);
  return { ...host, certificates };
}

/** What a build guest runs on, and what it trusts. */
export interface BuildHost extends KeyedHost {
  readonly certificates: HostCertificates;
}

/** A platform's guest, with this checkout's keys. */
export function buildGuest(request: GuestRequest, host: BuildHost): OpenPlan<SshSession> {
  const { platform, network } = request;
  const { commands } = systemOf(platform);
  const warm = warmSeedsOf(platform);
  const login = {
    ...{ keys: host.keys, user: platform.ssh.user },
    bootMs: bootDeadline(request.bootMs, host),
    startResume: commands.startService(warm?.resumeService ?? ""),
  };
  const { logIn, resume } = sshLogin({ ...login, proxied: network !== "open" });
  const plan = { ...launchPlan(request, host), logIn };
  if (warm === undefined) return plan;
  const bare = sshLogin({ ...login, proxied: false });
  // The build cache is of one project; the snapshot is for all.
  const neutral = { ...request, network: "none", sshPort: 0, cacheDisk: undefined } as const;
  return {
    ...plan,
    snapshot: {
      ...{ rest: bare.rest, resume },
      shape: buildShape(request, host),
      imageDir: request.image.dir,
      saved: { ...launchPlan(neutral, host, warm.resume), logIn: bare.logIn },
    },
  };
}

/** Packs one more archive for the initramfs; what it has below `seed/` goes into the root. */
type ExtraSeed = NonNullable<SystemSeeds["warm"]>["resume"];

/** How a platform's guest is launched, however it is logged in to. */
function launchPlan(
  request: GuestRequest,
  host: BuildHost,
  extraSeed?: ExtraSeed,
): LaunchPlan {
  const { platform, image, network, sshPort, cacheDisk, logs, signal } = request;
  return {
    ...{ name: platform.name, host, logs, signal },
    cpu: platform.cpu[host.accelerator],
    memoryMiB: request.memoryMiB,
    cores: request.cores,
    disk: image.disk,
    devices: buildDevices({
      ...{ cacheDisk, sshPort, openNetwork: network === "open" },
      // Firmware may try one disk alone.
      bootIndex: image.boot === undefined ? 1 : undefined,
      transport: ARCH[platform.arch].qemu.transport,
    }),
    boot: (dir) => bootBuildGuest(request, host, dir, extraSeed),
    record: { user: platform.ssh.user, imageDir: image.dir, network },
  };
}
