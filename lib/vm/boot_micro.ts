import { GuestError } from "../base/errors.ts";
import { AgentClient } from "../guest/agent/client.ts";
import { ConsoleLog } from "../guest/console.ts";
import { microAdvice } from "../guest/micro_advice.ts";
import { waitForReady } from "../guest/readiness.ts";
import type { Guest } from "../qemu/launch.ts";
import { diagnoseCommand } from "../base/process/diagnose_command.ts";
import { hostTime } from "../guest/host_time.ts";
import {
  type LaunchedMicro,
  launchMicro,
  type MicroHost,
  microName,
  type MicroPlan,
  type MicroRequest,
} from "./micro_launch.ts";
import type { KernelChoice } from "./micro_machine.ts";

/** How long a microVM may take until its agent answers, under TCG on a busy host. */
const READY_MS = 60_000;

/** A microVM whose agent has answered. Disposal throws it away. */
export interface MicroVm extends AsyncDisposable {
  readonly guest: Guest;
  readonly agent: AgentClient;
  readonly kernel: KernelChoice;
  /** Aborts when the guest is stopped for good, such as by a full disk of the host. */
  readonly failed: AbortSignal;
  /** Whether it came from a snapshot that an earlier task had saved. */
  readonly start: "cold" | "warm";
  /** Seconds from the launch until the agent had answered. */
  readonly bootSeconds: number;
}

/** A microVM that has booted and whose agent has answered. Disposal throws it away. */
export interface BootedMicro extends LaunchedMicro {
  readonly agent: AgentClient;
  /** Seconds from the launch until the agent had answered. */
  readonly bootSeconds: number;
}

/**
 * Boots a microVM, waits for its agent, and gives it the time and random numbers of its own.
 * Throws {@link GuestError} with the cause that its console names.
 */
export async function bootMicro(
  request: MicroRequest,
  host: MicroHost,
  plan: MicroPlan = {},
): Promise<BootedMicro> {
  const { logs } = request;
  const name = microName(request);
  await using stack = new AsyncDisposableStack();
  const launched = stack.use(await launchMicro(request, host, plan));
  const signal = AbortSignal.any([request.signal, launched.failed]);
  const agent = stack.use(
    await waitForReady(launched.guest, {
      deadlineMs: READY_MS,
      announced: true,
      console: new ConsoleLog(logs.console),
      signal,
      connect: (attempt) =>
        AgentClient.connect(launched.agentSocket, {
          ...{ name, console: logs.console },
          signal: attempt.signal,
          timeoutMs: attempt.deadlineMs,
        }),
    }).catch((error) => {
      throw withMicroAdvice(error, request);
    }),
  );
  const bootSeconds = launched.clock();
  await agent.setClock(hostTime(), { signal });
  const resources = stack.move();
  return {
    ...{ ...launched, agent, bootSeconds },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Advises what works for a microVM, in the place of what works for a platform's guest. */
function withMicroAdvice(error: unknown, request: MicroRequest): unknown {
  if (!(error instanceof GuestError) || error.next === undefined) return error;
  const { message, details } = error;
  const next = microAdvice(error.next, request) ?? diagnoseCommand(request.logs.console);
  return next === error.next ? error : new GuestError(message, { details, next, cause: error });
}
