import { GuestError } from "../base/errors.ts";
import { AgentClient } from "../guest/agent/client.ts";
import { hostTime } from "../guest/host_time.ts";
import { waitForReady } from "../guest/readiness.ts";
import { AGENT_SOCKET, type LoginPlan, type SnapshotPlan } from "./plan.ts";
import type { LaunchedGuest } from "./launch_guest.ts";

/** How long a guest may take until its agent answers, under TCG on a busy host. */
const READY_MS = 60_000;
/** How long a command may take that gets a guest ready for being saved. */
const REST_MS = 60_000;

/** Login by the guest's agent, which also brings it to rest and corrects it. */
export function agentLogin(
  { warmUp, explain }: {
    /** What the guest runs before it is saved, so that what every start needs is in its memory. */
    readonly warmUp: readonly (readonly string[])[];
    /** Puts a failed boot in the words of this kind of guest. */
    readonly explain: (error: unknown) => unknown;
  },
):
  & Pick<LoginPlan<AgentClient>, "logIn">
  & Pick<SnapshotPlan<AgentClient>, "rest" | "resume"> {
  return {
    async logIn(launched) {
      const { guest, signal } = launched;
      const agent = await waitForReady(guest, {
        ...{ deadlineMs: READY_MS, announced: true, signal },
        connect: ({ deadlineMs, signal }) => connect(launched, deadlineMs, signal),
      }).catch((error) => {
        throw explain(error);
      });
      return await corrected(agent, { signal });
    },
    async rest({ guest, signal }, agent) {
      for (const argv of [...warmUp, ["sync"]]) {
        const { code } = await agent.exec({ argv, signal, timeoutMs: REST_MS });
        if (code === 0) continue;
        throw new GuestError(`guest "${guest.name}" cannot run ${argv[0]}: status ${code}`);
      }
      // The port must be closed in the saved state, as it is when a guest comes from it.
      await agent[Symbol.asyncDispose]();
    },
    async resume(launched, timeoutMs) {
      const { signal } = launched;
      return await corrected(await connect(launched, timeoutMs, signal), { timeoutMs, signal });
    },
  };
}

const connect = (launched: LaunchedGuest, timeoutMs: number, signal: AbortSignal) => {
  const { name, logs } = launched.guest;
  const options = { name, console: logs.console, timeoutMs, signal };
  return AgentClient.connect(launched.socket(AGENT_SOCKET), options);
};

/** Gives the guest the host's time, and random numbers of its own. */
async function corrected(
  agent: AgentClient,
  options: { readonly timeoutMs?: number; readonly signal: AbortSignal },
): Promise<AgentClient> {
  await using stack = new AsyncDisposableStack();
  stack.use(agent);
  await agent.setClock(hostTime(), options);
  stack.move();
  return agent;
}
