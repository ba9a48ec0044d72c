import { devCommands } from "./state/dev_commands.ts";
import { quoteWord, shellQuote } from "../guest/quote.ts";
import { exportText } from "../guest/remote_command.ts";
import { setClockText } from "../guest/set_clock.ts";
import { DIRECT_HOST, SHARED_HOST } from "../guest/ssh_config.ts";
import { sshConfigPath } from "./connect_dev.ts";
import type { DevRecord } from "./state/record.ts";
import { devShellCommand } from "./state/shell.ts";

/** What {@link enterText} takes. */
interface EnterOptions {
  /** The shared project in the guest. */
  readonly guestDir: string;
  /** A command; empty for a login shell. */
  readonly argv: readonly string[];
  /** Whether to skip the project's dev shell. */
  readonly plain: boolean;
  /** The host's time, in seconds since 1970. */
  readonly seconds: number;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * What the guest's bash runs for a connection: it sets the clock if the host was asleep,
 * changes to the project, and becomes the command or a login shell. A command needs the directory; a shell says that it is missing and starts in the
 * home directory.
 */
export function enterText(options: EnterOptions): string {
  const { guestDir, argv, plain, seconds } = options;
  const dir = quoteWord(guestDir);
  const start = exportText(options.env) + setClockText(seconds, devCommands);
  const missing = `echo "guesthouse: the guest has no directory "${dir} >&2`;
  if (argv.length === 0) {
    const shell = plain ? '"$SHELL" -l' : devShellCommand(".");
    return `${start}; cd ${dir} || ${missing}; exec ${shell}`;
  }
  const command = plain ? shellQuote(argv) : devShellCommand(".", argv);
  return `${start}; cd ${dir} || { ${missing}; exit 4; }; exec ${command}`;
}

/** How a guest is entered from a terminal or a script. */
interface EnterCommandOptions extends Omit<EnterOptions, "guestDir"> {
  /** Whether the command gets a terminal; a shell always does. */
  readonly terminal: boolean;
}

/** The `ssh` command for it, over the shared connection. */
export function enterCommand(
  record: DevRecord,
  options: EnterCommandOptions,
): string[] {
  const { terminal, ...rest } = options;
  const text = enterText({ guestDir: record.share.guestDir, ...rest });
  return [
    ...["ssh", "-F", sshConfigPath(record), "-o", "LogLevel=ERROR"],
    terminal ? "-t" : "-T",
    ...[SHARED_HOST, "--", text],
  ];
}

/** The command that users can type to connect without a task. */
export function connectText(record: DevRecord): string {
  return `ssh -F ${sshConfigPath(record)} ${DIRECT_HOST}`;
}
