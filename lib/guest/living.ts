import { runInForeground } from "../base/process/run_in_foreground.ts";
import { newMark } from "../base/process/marked.ts";
import { endMarked } from "./end_marked.ts";
import type { GuestCommands } from "./guest_commands.ts";
import { exportText } from "./remote_command.ts";
import { nowSeconds, setClockText } from "./set_clock.ts";
import type { SshConnection } from "./ssh.ts";
import { SHARED_HOST } from "./ssh_config.ts";

/** Terminfo has an entry for it in every guest. */
const KNOWN = "xterm-256color";

/**
 * Text for a guest's shell on a terminal: guests know fewer of those than hosts do. Without a name
 * (`TERM` empty) a terminal has no abilities, and gets none.
 */
export const KNOWN_TERMINAL: string = 'case "$TERM" in ""|dumb) ;; ' +
  `[!A-Za-z0-9]*|*[!A-Za-z0-9+._-]*) export TERM=${KNOWN};; ` +
  `*) infocmp "$TERM" >/dev/null 2>&1 || export TERM=${KNOWN};; esac; `;

/** The `ssh` command that runs a text in a guest, over its shared connection. */
export function sshCommand(configPath: string, text: string, terminal: boolean): string[] {
  return [
    ...["ssh", "-F", configPath, "-o", "LogLevel=ERROR", terminal ? "-t" : "-T", SHARED_HOST, "--"],
    terminal ? KNOWN_TERMINAL + text : text,
  ];
}

/** Text for the shell of a guest that lives on, before what a user wants there. */
export const firstText = (
  commands: Pick<GuestCommands, "asRoot">,
  env: Readonly<Record<string, string>> = {},
  seconds = nowSeconds(),
): string => `${exportText(env)}${setClockText(seconds, commands)}; `;

/** A guest that lives on after a command in it. */
interface LivingGuest {
  readonly ssh: Pick<SshConnection, "configPath" | "exec">;
  readonly commands: GuestCommands;
  /** What programs in it need for the network. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a text of a user in a guest that lives on, in the foreground, and returns its status. The
 * clock is set, in case the host was asleep, and what an abort leaves of it in the guest is ended.
 */
export async function runInLiving(
  { ssh, commands, env }: LivingGuest,
  { text, terminal }: { readonly text: string; readonly terminal: boolean },
  signal: AbortSignal,
): Promise<number> {
  const mark = newMark();
  const all = firstText(commands, { ...env, ...mark }) + text;
  const status = await runInForeground(sshCommand(ssh.configPath, all, terminal), { signal });
  if (signal.aborted) await endMarked(ssh, mark, commands);
  return status;
}
