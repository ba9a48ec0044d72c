import { ARCH, MICRO_ARCHS } from "../config/archs.ts";
import { join } from "@std/path";
import { prepareGuests } from "../setup/prepare.ts";
import type { TaskContext } from "../cli/context.ts";
import { type Platform, platformNames } from "../config/platform.ts";
import { loadProject } from "../project/project.ts";
import { type AcceleratorChoice, probeAccelerator } from "../host/accelerator/accelerator.ts";
import { ensureHost } from "../host/tools/ensure_host.ts";
import { type HostFacts, hostFacts } from "../host/facts.ts";
import { platformsDir, root } from "../base/files/paths.ts";
import { makeScratch } from "../base/process/scratch.ts";
import { measureGuests } from "./bench_guests.ts";
import { ratios } from "./ratios.ts";
import type { Ratio, Row } from "../report/row.ts";
import { type Measurement, WITH_GUESTS } from "./targets.ts";
import { measureFromNothing, measureHelp, measureSetUp } from "./bench_tasks.ts";

/** What to measure. */
interface BenchRequest {
  readonly platforms: readonly Platform[];
  readonly wanted: ReadonlySet<Measurement>;
  readonly runs: number;
  readonly accelerator: AcceleratorChoice;
  /** The project that is built. Default: the sample. */
  readonly projectDir?: string | undefined;
}

/** Where it was measured, as `--json` prints it. */
interface BenchHost
  extends Pick<HostFacts, "os" | "arch" | "distro" | "cpuModel" | "cores" | "memoryMiB"> {
  /** By platform. */
  readonly accelerators: Readonly<Record<string, ToldAccelerator>>;
  readonly deno: string;
}

/** The accelerator that guests of a platform get, and why. */
interface ToldAccelerator {
  readonly name: string;
  readonly reason: string;
}

/** What was measured, and where. */
interface BenchOutcome {
  readonly host: BenchHost;
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
}

/** The project that is built. */
const SAMPLE = join(root, "examples/hello-cmake");

/** Measures one after the other; failures are in their rows. */
export async function runBench(ctx: TaskContext, request: BenchRequest): Promise<BenchOutcome> {
  const { platforms, wanted, runs, accelerator } = request;
  const { signal } = ctx;
  const withGuests = WITH_GUESTS.some((name) => wanted.has(name));
  if (wanted.has("from-nothing")) {
    const groups = ["native", "image", "binfmt", "vm"] as const;
    await ensureHost(groups, ctx, { task: "bench" });
  }
  if (withGuests) await prepareGuests(platforms, ctx, { task: "bench" });
  const project = await loadProject(request.projectDir ?? SAMPLE, {
    platformNames: await platformNames(platformsDir),
  });
  const facts = await hostFacts();
  const common = {
    ...{ runs, signal },
    onStep: (text: string) => ctx.log.step(text),
    onRun: (text: string) => ctx.log.info(text),
  };

  await using stack = new AsyncDisposableStack();
  const { path: artifactsDir } = stack.use(await makeScratch("bench"));
  const rows: Row[] = [];
  const accelerators: Record<string, ToldAccelerator> = {};
  for (const platform of withGuests ? platforms : []) {
    accelerators[platform.name] = await tellAccelerator(platform, accelerator, signal);
    rows.push(
      ...await measureGuests(platform, { ...common, project, accelerator, artifactsDir, wanted }),
    );
  }
  if (wanted.has("micro")) {
    const { measureMicro } = await import("./bench_micro.ts");
    const archs = MICRO_ARCHS.filter((arch) => platforms.some((one) => one.arch === arch));
    rows.push(...await measureMicro({ ...common, accelerator, archs }));
  }
  if (wanted.has("dev")) {
    const { measureDev } = await import("./bench_dev.ts");
    rows.push(...await measureDev(common));
  }
  if (wanted.has("help")) rows.push(...await measureHelp(common));
  if (wanted.has("setup-images")) rows.push(await measureSetUp({ ...common, platforms }));
  if (wanted.has("from-nothing")) {
    rows.push(await measureFromNothing({ ...common, projectDir: SAMPLE }));
  }
  const { os, arch, distro, cpuModel, cores, memoryMiB } = facts;
  return {
    host: {
      ...{ os, arch, distro, cpuModel, cores, memoryMiB, accelerators },
      deno: Deno.version.deno,
    },
    rows,
    ratios: ratios(rows),
  };
}

/** Also ensures that the probe, which is made once per boot of the host, is not timed. */
async function tellAccelerator(
  platform: Platform,
  want: AcceleratorChoice,
  signal: AbortSignal,
): Promise<ToldAccelerator> {
  const { accelerator, reason } = await probeAccelerator({
    ...{ arch: platform.arch, want, signal },
    qemuBinary: ARCH[platform.arch].qemu.system,
    cpu: platform.cpu.kvm,
  });
  return { name: accelerator, reason };
}
