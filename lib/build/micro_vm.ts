import { join } from "@std/path";
import { GuestError } from "../cli/errors.ts";
import { AgentClient } from "../guest/agent/client.ts";
import { ConsoleLog } from "../guest/console.ts";
import { waitForReady } from "../guest/readiness.ts";
import { createRun } from "../guest/runs.ts";
import { type AcceleratorChoice, probeAccelerator } from "../host/accelerator.ts";
import { RUN_FILES } from "../host/paths.ts";
import type { ElfArch } from "../image/elf.ts";
import type { Variant } from "../image/parts/artifact.ts";
import { type Guest, type GuestLogs, startGuest } from "../qemu/launch.ts";
import { createOverlay } from "../qemu/overlay.ts";
import { startClock } from "./clock.ts";
import type { Size } from "./machine.ts";
import { hostTime } from "./host_time.ts";
import { findMicroFiles } from "./micro_files.ts";
import { checkBoot, type KernelChoice, microArgs, type MicroNetwork } from "./micro_machine.ts";

/** How long a microVM may take until its agent answers, under TCG on a busy host. */
const READY_MS = 60_000;

/** What {@link openMicroVm} takes. */
export interface MicroRequest extends Size {
  readonly variant: Variant;
  readonly arch: ElfArch;
  readonly accelerator: AcceleratorChoice;
  /** Default: our own if it has been built. */
  readonly kernel?: KernelChoice | undefined;
  readonly network: MicroNetwork;
  readonly append?: readonly string[] | undefined;
  readonly logs: GuestLogs;
  readonly signal: AbortSignal;
}

/** A microVM whose agent has answered. Disposal throws it away. */
export interface MicroVm extends AsyncDisposable {
  readonly guest: Guest;
  readonly agent: AgentClient;
  readonly kernel: KernelChoice;
  /** Seconds from the launch until the agent had answered. */
  readonly bootSeconds: number;
}

/**
 * Starts a microVM on an overlay of its variant's disk, waits for its agent, and gives it the time
 * and random numbers of its own. Throws {@link HostError} where a part is missing, and
 * {@link GuestError} with the cause that its console names.
 */
export async function openMicroVm(request: MicroRequest): Promise<MicroVm> {
  const { variant, arch, signal, logs } = request;
  const name = `${variant}-${arch}`;
  const files = await findMicroFiles(variant, arch, request.kernel);
  checkBoot({ ...files, append: request.append });
  const binary = `qemu-system-${arch}`;
  const { accelerator } = await probeAccelerator({
    ...{ arch, want: request.accelerator, qemuBinary: binary, cpu: "host", signal },
  });
  await using stack = new AsyncDisposableStack();
  const clock = startClock();
  const run = stack.use(await createRun(name));
  const overlay = stack.use(
    await createOverlay({
      ...{ name: variant, backing: files.disk, signal },
      path: join(run.dir, RUN_FILES.overlay),
    }),
  );
  const sockets = { agent: join(run.socketDir, "agent"), events: join(run.socketDir, "events") };
  const guest = stack.use(
    await startGuest({
      ...{ name, binary, logs, signal },
      args: microArgs({ ...request, ...files, accelerator, disk: overlay.path, sockets }),
      runDir: run.dir,
      socketDir: run.socketDir,
    }),
  );
  const agent = stack.use(
    await waitForReady(guest, {
      deadlineMs: READY_MS,
      announced: true,
      console: new ConsoleLog(logs.console),
      signal,
      connect: (attempt) =>
        AgentClient.connect(sockets.agent, {
          ...{ name, console: logs.console },
          signal: attempt.signal,
          timeoutMs: attempt.deadlineMs,
        }),
    }).catch((error) => {
      throw withPartsAdvice(error, arch);
    }),
  );
  const bootSeconds = clock();
  await agent.setClock(hostTime(), { signal });
  const resources = stack.move();
  return {
    ...{ guest, agent, bootSeconds, kernel: files.kernelChoice },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The causes on a console advise what mends a platform's image; a microVM's parts are others. */
function withPartsAdvice(error: unknown, arch: ElfArch): unknown {
  if (!(error instanceof GuestError) || !error.next?.includes("setup-images")) return error;
  const { message, details } = error;
  const next = `deno task build-images ${arch} --force`;
  return new GuestError(message, { details, next, cause: error });
}
