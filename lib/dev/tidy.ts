import { devCommands } from "./state/dev_commands.ts";
import { GuestError } from "../base/errors.ts";
import { execText } from "../guest/exec_text.ts";
import { shellQuote } from "../guest/quote.ts";
import type { SshConnection } from "../guest/ssh.ts";
import type { GuestCommand } from "./flavour/flavour.ts";

/** Bytes in use before and after. */
export interface Saving {
  readonly before: number;
  readonly after: number;
  /** Negative if it has grown in the meantime. */
  readonly won: number;
}

interface TidyFault {
  readonly what: string;
  readonly command: string;
  readonly status: number;
  /** Its last lines. */
  readonly output: readonly string[];
}

export interface TidyOutcome {
  /** In the guest's file system. */
  readonly guest: Saving;
  /** The disk usage of the disk's file on the host. */
  readonly host: Saving;
  readonly faults: readonly TidyFault[];
}

interface TidyOptions {
  readonly ssh: SshConnection;
  /** Commands that free space in the guest, in this order. */
  readonly commands: readonly GuestCommand[];
  /** The current disk usage of the disk's file on the host. */
  readonly hostBytes: () => Promise<number>;
  readonly onStep: (step: string) => void;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * After the flavour's own commands: remove cached shells whose programs are gone, and discard
 * unused blocks, which QEMU punches out of the file. Last, after a sync: ext4 frees blocks with its
 * journal.
 */
const LAST: readonly GuestCommand[] = [
  {
    what: "kept dev shells",
    argv: ["sh", "-c", 'exec rm -rf -- "${XDG_CACHE_HOME:-$HOME/.cache}/guesthouse/shell"'],
  },
  { what: "write everything out", argv: ["sync"] },
  { what: "trim the disk", argv: devCommands.asRoot(["fstrim", "--verbose", "/"]) },
];

/** All commands of tidying in a guest, in order; `--dry-run` prints them. */
export const tidyCommands = (ofFlavour: readonly GuestCommand[]): GuestCommand[] => [
  ...ofFlavour,
  ...LAST,
];

/** How many of a program's last lines an error shows. */
const SHOWN_LINES = 6;

/** Frees space in a running guest, then on the host; continues after a program that fails. */
export async function tidyGuest(options: TidyOptions): Promise<TidyOutcome> {
  const { ssh, signal, hostBytes } = options;
  const guestBefore = await usedInGuest(ssh, signal);
  const hostBefore = await hostBytes();
  const faults: TidyFault[] = [];
  for (const command of tidyCommands(options.commands)) {
    options.onStep(command.what);
    const fault = await runStep(options, command);
    if (fault !== undefined) faults.push(fault);
  }
  return {
    guest: saving(guestBefore, await usedInGuest(ssh, signal)),
    host: saving(hostBefore, await hostBytes()),
    faults,
  };
}

const saving = (before: number, after: number): Saving => ({ before, after, won: before - after });

async function runStep(
  { ssh, signal, log }: TidyOptions,
  { what, argv }: GuestCommand,
): Promise<TidyFault | undefined> {
  const { code, lastLines } = await execText(ssh, argv, { signal });
  const lines = lastLines(1000).map((line) => line.trim());
  lines.forEach(log);
  if (code === 0) return undefined;
  return { what, command: shellQuote(argv), status: code, output: lines.slice(-SHOWN_LINES) };
}

/** Bytes in use in the guest's file system. */
async function usedInGuest(ssh: SshConnection, signal: AbortSignal): Promise<number> {
  const argv = ["df", "--block-size=1", "--output=used", "/"];
  const { stdout } = await execText(ssh, argv, { signal });
  const bytes = parseUsed(stdout);
  if (bytes !== undefined) return bytes;
  throw new GuestError(`Cannot tidy guest "${ssh.name}": it does not say how full its disk is`, {
    details: [`${argv.join(" ")}: ${stdout.trim()}`],
    next: "deno task arm-dev-ssh --plain -- df /",
  });
}

/** Reads the output of `df --output=used`: a title, and a number below it. */
export function parseUsed(text: string): number | undefined {
  const [, line = ""] = text.trim().split("\n");
  return /^\s*\d+\s*$/.test(line) ? Number(line) : undefined;
}
