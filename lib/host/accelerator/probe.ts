import { join } from "@std/path";
import { verdictsDir } from "../../base/files/paths.ts";
import { MARK_PAGING, MARK_STARTED, type ProbeImage, SIGN_OFF } from "./probe_assembly.ts";
import type { Arch } from "../../config/archs.ts";
import { probeImage } from "./probe_image.ts";
import { run } from "../../base/process/run.ts";

/** What runs the guest's instructions, by QEMU's name for it. */
export type Accelerator = "kvm" | "hvf" | "tcg";

export interface AcceleratorTrial {
  readonly accelerator: Accelerator;
  readonly ok: boolean;
  /** A clause: `the guest ran 64-bit code with paging`, `Permission denied`. */
  readonly reason: string;
  /** How long the trial took; 0 for one that was not needed. */
  readonly ms: number;
  /** What the user can do about it. */
  readonly next?: string;
  /** Set if the user can change the outcome without a reboot; such a verdict is not remembered. */
  readonly passing?: boolean;
}

export interface ProbeRequest {
  readonly arch: Arch;
  readonly accelerator: Accelerator;
  /** The CPU model of the guests, as for `-cpu`. */
  readonly cpu: string;
  /** Path or name of QEMU for the architecture. */
  readonly qemuBinary: string;
  readonly signal?: AbortSignal;
  /** Another guest, for tests. */
  readonly image?: ProbeImage;
}

/** Silence after which a guest is given up; QEMU's start takes some 50 ms. */
const SILENCE_MS = 2000;

/** Boots a few bytes of 64-bit code with paging on. Throws {@link HostError} if QEMU is missing. */
export async function runProbe(request: ProbeRequest): Promise<AcceleratorTrial> {
  const image = request.image ?? probeImage(request.arch);
  await Deno.mkdir(verdictsDir(), { recursive: true });
  await removeLeftovers();
  const path = join(verdictsDir(), `probe-${crypto.randomUUID()}`);
  const started = performance.now();
  try {
    await Deno.writeFile(path, image.bytes);
    const outcome = await boot(request, image, path);
    request.signal?.throwIfAborted();
    const ms = Math.round(performance.now() - started);
    return { accelerator: request.accelerator, ms, ...judge(outcome, image, request) };
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}

/** Removes the images of probes that were killed; a probe that is under way is younger. */
async function removeLeftovers(): Promise<void> {
  for await (const { name } of Deno.readDir(verdictsDir())) {
    if (!name.startsWith("probe-")) continue;
    const path = join(verdictsDir(), name);
    const changedMs = await Deno.stat(path).then((info) => info.mtime?.getTime() ?? 0, () => 0);
    if (Date.now() - changedMs > 60_000) await Deno.remove(path).catch(() => {});
  }
}

interface Outcome {
  /** QEMU's exit code; `undefined` if it had to be ended. */
  readonly code: number | undefined;
  readonly printed: string;
  readonly complaint: string;
}

async function boot(request: ProbeRequest, image: ProbeImage, path: string): Promise<Outcome> {
  const { qemuBinary, accelerator, cpu, signal } = request;
  const silence = new AbortController();
  const giveUp = () => silence.abort();
  let timer = setTimeout(giveUp, SILENCE_MS);
  const output = { stdout: "", stderr: "" };
  let code: number | undefined;
  try {
    const result = await run(
      [qemuBinary, "-accel", accelerator, "-cpu", cpu, ...image.machineArgs(path)],
      {
        signal: AbortSignal.any([silence.signal, ...signal === undefined ? [] : [signal]]),
        graceMs: 1000,
        onOutput(text, stream) {
          output[stream] += text;
          clearTimeout(timer);
          timer = setTimeout(giveUp, SILENCE_MS);
        },
      },
    );
    code = result.code;
  } catch (error) {
    if (!silence.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return { code, printed: output.stdout, complaint: cleanComplaint(output.stderr) };
}

type Judgement = Pick<AcceleratorTrial, "ok" | "reason" | "next" | "passing">;

function judge(
  { code, printed, complaint }: Outcome,
  image: ProbeImage,
  { accelerator }: ProbeRequest,
): Judgement {
  if (code === image.exitCode && printed.endsWith(SIGN_OFF)) {
    return { ok: true, reason: "a guest ran 64-bit code with paging" };
  }
  if (code === undefined) return { ok: false, reason: describeSilence(printed) };
  if (accelerator === "kvm" && /Could not access KVM/.test(complaint)) {
    return describeNoKvm(complaint);
  }
  const how = `QEMU exited with status ${code}, without the guest's sign`;
  return { ok: false, reason: complaint === "" ? how : complaint };
}

function describeSilence(printed: string): string {
  const seconds = SILENCE_MS / 1000;
  if (printed.includes(MARK_PAGING)) {
    return `a guest starts 64-bit code with paging, but does not end it within ${seconds} s ` +
      "(emulation takes 0.1 s)";
  }
  return printed.includes(MARK_STARTED)
    ? `a guest starts, but no 64-bit code with paging ran within ${seconds} s`
    : `no sign of a guest within ${seconds} s`;
}

function describeNoKvm(complaint: string): Judgement {
  if (/Permission denied/.test(complaint)) {
    const user = Deno.env.get("USER") || "$USER";
    return {
      ok: false,
      passing: true,
      reason: `/dev/kvm is not writable by user "${user}"`,
      next: `sudo usermod -aG kvm ${user} && newgrp kvm`,
    };
  }
  return {
    ok: false,
    passing: true,
    reason: "there is no working /dev/kvm: virtualization is off, or its module is not loaded",
    next: "sudo modprobe kvm_intel || sudo modprobe kvm_amd",
  };
}

/** QEMU's first error message, without its own name and without warnings. */
function cleanComplaint(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.replace(/^\S*qemu-system-\S+: /, "").trim());
  return lines.find((line) => line !== "" && !line.startsWith("warning:")) ?? "";
}
