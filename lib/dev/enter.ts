import { quoteWord, shellQuote } from "../guest/quote.ts";
import { DIRECT_HOST } from "../guest/ssh_config.ts";
import { sshConfigPath } from "./connect_dev.ts";
import type { DevRecord } from "./state/record.ts";
import { devShellCommand } from "./state/shell.ts";

/**
 * What the guest's bash runs for a connection: it changes to the project, and becomes the command,
 * or without one a login shell. A command needs the directory; a shell says that it is missing and
 * starts in the home directory.
 *
 * @param plain whether to skip the project's dev shell
 */
export function enterText(guestDir: string, argv: readonly string[], plain: boolean): string {
  const dir = quoteWord(guestDir);
  const missing = `echo "guesthouse: the guest has no directory "${dir} >&2`;
  if (argv.length === 0) {
    const shell = plain ? '"$SHELL" -l' : devShellCommand(".");
    return `cd ${dir} || ${missing}; exec ${shell}`;
  }
  const command = plain ? shellQuote(argv) : devShellCommand(".", argv);
  return `cd ${dir} || { ${missing}; exit 4; }; exec ${command}`;
}

/** The command that users can type to connect without a task. */
export function connectText(record: DevRecord): string {
  return `ssh -F ${sshConfigPath(record)} ${DIRECT_HOST}`;
}
