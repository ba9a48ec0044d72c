import { HostError } from "../../base/errors.ts";
import { hostIdentity, type HostKind, thisHost } from "../facts.ts";
import { type Accelerator, type AcceleratorTrial, type ProbeRequest, runProbe } from "./probe.ts";
import { ARCH, type Arch } from "../../config/archs.ts";
import { probeImage } from "./probe_image.ts";
import { programIdentity } from "../tools/tools.ts";
import { isRecord, readVerdict, writeVerdict } from "../../base/files/verdict_cache.ts";

export type { Accelerator } from "./probe.ts";

/** What `--accel` takes. */
const ACCELERATOR_CHOICES = ["auto", "kvm", "hvf", "tcg"] as const;

/** An accelerator by name, or the best one that is proven to work. */
export type AcceleratorChoice = typeof ACCELERATOR_CHOICES[number];

export interface AcceleratorRequest {
  readonly arch: Arch;
  readonly want: AcceleratorChoice;
  /** Path or name of QEMU for the architecture. */
  readonly qemuBinary: string;
  /** The CPU model under a hypervisor, as for `-cpu` (default: `host`). */
  readonly cpu?: string;
  /** Test again, whatever an earlier task found. */
  readonly fresh?: boolean;
  /** Default: the host that the task runs on. */
  readonly host?: HostKind;
  readonly signal?: AbortSignal;
}

/** The hypervisor that QEMU uses on a host. */
export const hypervisorOf = ({ os }: Pick<HostKind, "os">): "kvm" | "hvf" =>
  os === "darwin" ? "hvf" : "kvm";

export interface AcceleratorVerdict {
  readonly accelerator: Accelerator;
  /** Why this one: a sentence without a full stop. */
  readonly reason: string;
  /** What was tried, in order; empty where nothing had to be. */
  readonly tried: readonly AcceleratorTrial[];
}

/**
 * The host's hypervisor if a guest is proven to run under it (see {@link runProbe}), or else
 * emulation. Remembered for this boot, QEMU and processor. Throws {@link HostError} if `wanted` is
 * impossible.
 */
export async function probeAccelerator(request: AcceleratorRequest): Promise<AcceleratorVerdict> {
  const { arch, want, host = thisHost() } = request;
  if (want === "tcg") return { accelerator: "tcg", reason: "it was asked for", tried: [] };
  const hypervisor = hypervisorOf(host);
  const obstacle = ARCH[arch].qemu.hypervisors.includes(host.arch)
    ? undefined
    : `a hypervisor on ${host.arch} runs no ${arch} guests`;
  if (want === "auto" && obstacle !== undefined) {
    return { accelerator: "tcg", reason: obstacle, tried: [] };
  }
  if (want !== "auto" && want !== hypervisor) {
    throw refusal(request, `${host.os === "darwin" ? "macOS" : "Linux"} has ${hypervisor}`);
  }
  if (obstacle !== undefined) throw refusal(request, obstacle);
  const trial = await rememberedTrial({
    ...request,
    // It may run other architectures as well, on the same machine and with the same QEMU.
    arch: host.arch,
    accelerator: hypervisor,
    cpu: request.cpu ?? "host",
  });
  if (trial.ok) return { accelerator: hypervisor, reason: trial.reason, tried: [trial] };
  if (want !== "auto") throw refusal(request, trial.reason, trial.next);
  return { accelerator: "tcg", reason: `${hypervisor}: ${trial.reason}`, tried: [trial] };
}

function refusal({ arch, want }: AcceleratorRequest, why: string, next?: string): HostError {
  const fallback = "rerun with --accel auto, which then takes tcg (slower)";
  return new HostError(`Cannot use accelerator "${want}" for ${arch} guests: ${why}`, {
    next: next === undefined ? fallback : `${next}, or ${fallback}`,
  });
}

interface RememberedTrial {
  readonly key: string;
  readonly trial: AcceleratorTrial;
}

async function rememberedTrial(
  request: ProbeRequest & { readonly fresh?: boolean },
): Promise<AcceleratorTrial> {
  const { arch, accelerator, cpu } = request;
  const name = `accelerator-${arch}-${accelerator}`;
  const key = await trialKey(request);
  if (request.fresh !== true && key !== undefined) {
    const known = await readVerdict(name, isRememberedTrial);
    if (known?.key === key && known.trial.accelerator === accelerator) return known.trial;
  }
  const trial = await runProbe({ ...request, cpu });
  if (key !== undefined && trial.passing !== true) await writeVerdict(name, { key, trial });
  return trial;
}

/** Everything that the outcome depends on; `undefined` if that is unknown. */
async function trialKey(request: ProbeRequest): Promise<string | undefined> {
  const { bootId, cpuModel } = await hostIdentity();
  const qemu = await programIdentity(request.qemuBinary);
  if (bootId === undefined || qemu === undefined) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", probeImage(request.arch).bytes);
  const image = new Uint8Array(digest).toHex();
  return JSON.stringify({ bootId, cpuModel, qemu, cpu: request.cpu, image });
}

function isRememberedTrial(value: unknown): value is RememberedTrial {
  return isRecord(value) && typeof value.key === "string" && isRecord(value.trial) &&
    typeof value.trial.accelerator === "string" && typeof value.trial.ok === "boolean" &&
    typeof value.trial.reason === "string" && typeof value.trial.ms === "number" &&
    ["string", "undefined"].includes(typeof value.trial.next);
}
