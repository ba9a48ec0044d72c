import { startLogs } from "../base/files/log_files.ts";
import { type KernelChoice, MICRO_SIZE } from "../micro/micro_machine.ts";
import { type MicroVm, type OpenMicroOptions, openMicroVm } from "../micro/micro_guest.ts";
import type { AcceleratorChoice } from "../host/accelerator/accelerator.ts";
import type { Arch } from "../config/archs.ts";
import type { Row } from "../report/row.ts";
import { type BenchOptions, measureSeries, rowOf } from "./series.ts";
import { median } from "../report/statistics.ts";

interface MicroBenchOptions extends BenchOptions {
  readonly archs: readonly Arch[];
  readonly accelerator: AcceleratorChoice;
}

/** The times of one microVM, in seconds. */
interface MicroTimes {
  readonly ready: number;
  /** From a snapshot. */
  readonly warm: number;
  /** Median of several `true`. */
  readonly roundTrip: number;
  readonly output: number;
  readonly input: number;
}

/** How much to copy out of and into a guest. */
const TRANSFER_BYTES = 100 * 2 ** 20;
const ROUND_TRIPS = 20;

const NAMES: Readonly<Record<keyof MicroTimes, string>> = {
  ready: "agent ready",
  warm: "agent ready, warm",
  roundTrip: "agent round trip",
  output: "100 MiB out",
  input: "100 MiB in",
};

/** Measures `raw` microVMs with each kernel, one at a time. */
export async function measureMicro(options: MicroBenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const arch of options.archs) {
    for (const kernel of ["micro", "distribution"] as const) {
      const title = `raw ${arch}, ${kernel} kernel`;
      const { values, error } = await measureSeries(
        title,
        options,
        () => timeMicro(options, arch, kernel),
      );
      for (const [key, name] of Object.entries(NAMES)) {
        const runs = values.map((times) => times[key as keyof MicroTimes]);
        rows.push(rowOf(`${name}, ${kernel} kernel`, runs, { platform: `raw-${arch}`, error }));
      }
    }
  }
  return rows;
}

async function timeMicro(
  { accelerator, signal }: MicroBenchOptions,
  arch: Arch,
  kernel: KernelChoice,
): Promise<MicroTimes> {
  await using logs = await startLogs(`bench-raw-${arch}`);
  const request: OpenMicroOptions = {
    ...{ variant: "raw", arch, accelerator, kernel, network: "none", ...MICRO_SIZE },
    ...{ logs, signal },
  };
  const warm = await timeWarm(request);
  await using vm = await openMicroVm({ ...request, cold: true });
  const roundTrips: number[] = [];
  for (let trip = 0; trip < ROUND_TRIPS; trip++) {
    roundTrips.push(await timed(() => vm.agent.exec({ argv: ["true"], signal })));
  }
  return {
    ready: vm.bootSeconds,
    warm,
    roundTrip: median(roundTrips) ?? 0,
    output: await timed(() => takeOutput(vm, signal)),
    input: await timed(() =>
      vm.agent.writeFile("/tmp/bench", new Uint8Array(TRANSFER_BYTES), { signal })
    ),
  };
}

/** Seconds until the agent of a guest from a snapshot answers; saves the snapshot if need be. */
async function timeWarm(request: OpenMicroOptions): Promise<number> {
  for (let attempt = 0; attempt < 2; attempt++) {
    await using vm = await openMicroVm(request);
    if (vm.start === "warm") return vm.bootSeconds;
  }
  throw new Error("no microVM comes from a snapshot");
}

/** A command's output must arrive completely, or the measurement is invalid. */
async function takeOutput({ agent }: MicroVm, signal: AbortSignal): Promise<void> {
  let bytes = 0;
  const argv = ["head", "-c", String(TRANSFER_BYTES), "/dev/zero"];
  await agent.exec({ argv, signal, onStdout: (piece) => void (bytes += piece.length) });
  if (bytes !== TRANSFER_BYTES) throw new Error(`only ${bytes} bytes came out of the guest`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return Math.round(performance.now() - started) / 1000;
}
