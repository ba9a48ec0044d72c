import type { GuestCommands } from "./guest_commands.ts";
import type { SshConnection } from "./ssh.ts";

/** What tells the processes of one command in a guest from all others: a variable that they have. */
export type Mark = Readonly<Record<typeof VARIABLE, string>>;

const VARIABLE = "GUESTHOUSE_COMMAND";

/** A mark that nothing has yet, to be put into a command's environment. */
export const newMark = (): Mark => ({ [VARIABLE]: crypto.randomUUID() });

/** Ends, with a TERM, and two seconds later with a KILL, all that has the variable `$1`. */
const END = 'marked() { grep -lszx "$1" /proc/[0-9]*/environ | tr -dc "0-9\\n"; }; ' +
  'kill -TERM $(marked "$1"); n=20; ' +
  'while [ -n "$(marked "$1")" ] && [ $n -gt 0 ]; do sleep 0.1; n=$((n-1)); done; ' +
  'kill -KILL $(marked "$1")';

/** How long the guest may take for it. */
const END_MS = 10_000;

/** Ends what a given-up command left in a guest that stays up. Throws nothing. */
export async function endMarked(
  ssh: Pick<SshConnection, "exec">,
  mark: Mark,
  { asRoot }: Pick<GuestCommands, "asRoot">,
): Promise<void> {
  const argv = asRoot([
    "sh",
    "-c",
    `{ ${END}; } 2>/dev/null`,
    "sh",
    `${VARIABLE}=${mark[VARIABLE]}`,
  ]);
  await ssh.exec(argv, { timeoutMs: END_MS }).catch(() => {});
}
