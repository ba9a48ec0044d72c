import { bootTwice } from "../guest/connect_guest.ts";
import type { LoginPlan, OpenedGuest, OpenHow, OpenPlan } from "./plan.ts";
import { launchGuest } from "./launch_guest.ts";
import { startWarm } from "./warm_start.ts";

/**
 * Starts a guest on an overlay and waits until it answers: from a snapshot, saved first if there is
 * none; or, if that is impossible (its system may have no snapshots) or with `cold`, by booting.
 * Throws `GuestError`.
 */
export async function openPlan<Session extends AsyncDisposable>(
  plan: OpenPlan<Session>,
  { cold, onNote = () => {} }: OpenHow,
): Promise<OpenedGuest<Session>> {
  const { snapshot } = plan;
  if (snapshot === undefined) onNote(`start: cold, since its system has no snapshots`, "info");
  const warm = cold === true || snapshot === undefined
    ? undefined
    : await startWarm({ ...plan, snapshot }, onNote);
  return warm ?? await bootTwice(() => bootGuest(plan), plan.logs, onNote);
}

async function bootGuest<Session extends AsyncDisposable>(
  plan: LoginPlan<Session>,
): Promise<OpenedGuest<Session>> {
  await using stack = new AsyncDisposableStack();
  const launched = stack.use(await launchGuest(plan));
  const session = stack.use(await plan.logIn(launched));
  await launched.record;
  const bootSeconds = launched.clock();
  const resources = stack.move();
  return {
    ...{ ...launched, session, start: "cold", bootSeconds },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
