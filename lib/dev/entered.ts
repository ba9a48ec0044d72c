import type { TaskContext } from "../cli/context.ts";
import { GuestError } from "../base/errors.ts";
import { commandText } from "../base/text/command_text.ts";
import { answers, connectDev, sshConfigPath } from "./connect_dev.ts";
import { enterText } from "./enter.ts";
import { firstText, runInLiving, sshCommand } from "../guest/living.ts";
import { requireDevGuest } from "./guest_file.ts";
import { devDir } from "./state/dev_paths.ts";
import { devCommands } from "./state/dev_commands.ts";
import { whyPaused } from "./state/paused.ts";
import type { DevRecord } from "./state/record.ts";
import { devState, lockDev } from "./state/state.ts";

/**
 * The running guest's record, after waiting for a task that starts or stops it. If it is not
 * running: `undefined` with `orElse`, or a {@link GuestError} with the command that starts it.
 */
export async function requireRunning(
  ctx: Pick<TaskContext, "signal" | "log">,
  name: string,
  options: { readonly orElse: boolean },
): Promise<DevRecord | undefined> {
  let state = await devState(name);
  if (state.kind === "running" && state.record.starting === true) {
    // While the task that is starting it holds the lock.
    await using _lock = await lockDev(name, {
      signal: ctx.signal,
      onNote: (text) => ctx.log.info(text),
    });
    state = await devState(name);
  }
  if (state.kind === "running") return state.record;
  await requireDevGuest(name);
  if (options.orElse) return undefined;
  throw new GuestError(`Cannot connect to guest "${name}": it is not running`, {
    details: state.kind === "stale" ? [state.why] : [],
    next: "deno task arm-dev, or deno task arm-dev-ssh --start",
  });
}

/** Like {@link requireRunning}, for work in the guest: a paused guest would never answer. */
export async function requireAnswering(ctx: TaskContext, name: string): Promise<DevRecord> {
  const record = await requireRunning(ctx, name, { orElse: false });
  if (record === undefined) throw new Error("requireRunning() has thrown where there is none");
  const why = await whyPaused(record, ctx.signal);
  if (why === undefined) return record;
  throw new GuestError(`Cannot work in guest "${name}": it is paused: ${why}`, {
    details: [`its disk is in ${devDir(name)}`],
    next: "free space, then deno task arm-dev",
  });
}

/** The exit status of ssh if the connection failed; a command in the guest may return it too. */
const SSH_FAILED = 255;

/** Enters the guest in this terminal; returns the status of the command, or of the shell. */
export async function runEntered(
  ctx: TaskContext<{ readonly plain: boolean }>,
  record: DevRecord,
): Promise<number> {
  const session = {
    text: enterText(record.share.guestDir, ctx.rest, ctx.opt.plain),
    terminal: ctx.rest.length === 0 || Deno.stdin.isTerminal() && Deno.stdout.isTerminal(),
  };
  if (ctx.dryRun) {
    const text = firstText(devCommands) + session.text;
    ctx.print(commandText(sshCommand(sshConfigPath(record), text, session.terminal)));
    return 0;
  }
  // In parallel with the connection, which costs nothing: without an answer it would wait forever.
  void whyPaused(record, ctx.signal).then((why) => {
    if (why === undefined) return;
    ctx.log.warn(
      `Guest "${record.name}" is paused: ${why}. Next: free space, then deno task arm-dev`,
    );
  }, () => {});
  const ssh = await connectDev(record, { signal: ctx.signal });
  const status = await runInLiving({ ssh, commands: devCommands }, session, ctx.signal);
  if (status !== SSH_FAILED || await answers(record.sshSocket)) return status;
  throw new GuestError(`Cannot continue in guest "${record.name}": the connection was lost`, {
    next: "deno task arm-dev-status",
  });
}
