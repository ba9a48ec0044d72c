import { bootTwice } from "../guest/connect_guest.ts";
import type { GuestPlan, LoginPlan, OpenedGuest, OpenHow } from "./plan.ts";
import { launchGuest } from "./launch_guest.ts";
import { startWarm } from "./warm_start.ts";

/**
 * Starts a guest on an overlay and waits until it answers: from a snapshot, saved first if there is
 * none; or, if that is impossible or with `cold`, by booting. Throws `GuestError`.
 */
export async function openPlan<Session extends AsyncDisposable>(
  plan: GuestPlan<Session>,
  { cold, onNote = () => {} }: OpenHow,
): Promise<OpenedGuest<Session>> {
  const warm = cold === true ? undefined : await startWarm(plan, onNote);
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
