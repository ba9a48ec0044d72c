/** A named reason that a line on a guest's console gives for a failure. */
export interface ConsoleCause {
  readonly kind:
    | "emergency-shell"
    | "firmware"
    | "init-failed"
    | "lockup"
    | "no-disk-space"
    | "no-ssh"
    | "out-of-memory"
    | "overload"
    | "panic"
    | "root-mount";
  /** Whether the guest will not come up after this. Otherwise it explains other failures. */
  readonly fatal: boolean;
  /** Completes `Cannot start guest "x": …`. */
  readonly summary: string;
  /** What to do about it. */
  readonly next: CauseAdvice;
  /** The line that says so. */
  readonly line: string;
  /** Position in the table: of several causes, the lowest is the most specific. */
  readonly rank: number;
}

/** What a user does about a cause: the caller knows the guest's name and its log. */
export type CauseAdvice =
  | "rebuild-image"
  | "more-memory"
  | "more-disk"
  | "fewer-guests"
  | "read-log";

interface Rule extends Pick<ConsoleCause, "kind" | "fatal" | "next"> {
  readonly pattern: RegExp;
  readonly summary: (...groups: string[]) => string;
}

const fatal = true;

/**
 * Texts of Linux 6.1, systemd 252, initramfs-tools 0.142, OVMF, SeaBIOS, FreeBSD 14 and NetBSD 10.
 * A cause stands above its consequences: an initramfs that gives up makes the kernel panic too.
 */
const RULES: readonly Rule[] = [
  {
    // images/initramfs/init
    pattern: /guesthouse-init: FAILED: (.+)/,
    kind: "init-failed",
    fatal,
    summary: (reason) => `its initramfs failed: ${reason}`,
    next: "rebuild-image",
  },
  {
    pattern: /Kernel panic - not syncing: (?:System is deadlocked on memory|Out of memory.*)/,
    kind: "out-of-memory",
    fatal,
    summary: () => "it ran out of memory",
    next: "more-memory",
  },
  {
    pattern: /VFS: Cannot open root device "([^"]*)"/,
    kind: "root-mount",
    fatal,
    summary: (device) => `its kernel cannot open the root disk "${device}"`,
    next: "rebuild-image",
  },
  {
    // "list of all partitions" follows where the driver works and the content does not.
    pattern: /VFS: Unable to mount root fs on (\S+)/,
    kind: "root-mount",
    fatal,
    summary: (device) => `its kernel cannot mount the root file system on ${device}`,
    next: "rebuild-image",
  },
  {
    pattern: /ALERT!\s+(\S+) does not exist\.\s+Dropping to a shell!/,
    kind: "root-mount",
    fatal,
    summary: (device) => `its initramfs waited in vain for the root disk ${device}`,
    next: "rebuild-image",
  },
  {
    pattern: /EXT4-fs \((\S+)\): (?:unable to read superblock|Cannot load crc32c driver.*)/,
    kind: "root-mount",
    fatal,
    summary: (device) => `its kernel cannot mount ${device} as ext4`,
    next: "rebuild-image",
  },
  {
    pattern: /Mounting from (\S+) failed with error (\d+)/,
    kind: "root-mount",
    fatal,
    summary: (device, error) => `its kernel cannot mount ${device} (error ${error})`,
    next: "rebuild-image",
  },
  {
    pattern: /^mountroot> ?$|^root device(?: \(default \S+\))?: ?$/,
    kind: "root-mount",
    fatal,
    summary: () => "its kernel asks which root disk to use",
    next: "rebuild-image",
  },
  {
    pattern: /Kernel panic - not syncing: (?:No working init found|Requested init (\S+) failed)/,
    kind: "init-failed",
    fatal,
    summary: (init) => init ? `it has no ${init}` : "it has no init program",
    next: "rebuild-image",
  },
  {
    pattern: /Kernel panic - not syncing: Attempted to kill init! exitcode=0x([0-9a-f]{8})/,
    kind: "init-failed",
    fatal,
    summary: (hex) => `its first process ended ${waitStatus(parseInt(hex, 16))}`,
    next: "read-log",
  },
  {
    pattern: /Kernel panic - not syncing: (.+)/,
    kind: "panic",
    fatal,
    summary: (reason) => `its kernel panicked: ${reason}`,
    next: "read-log",
  },
  {
    // FreeBSD and NetBSD. Their kernels write it at the start of a line.
    pattern: /^(?:\[[ \d.]+\] )?panic: (.+)/,
    kind: "panic",
    fatal,
    summary: (reason) => `its kernel panicked: ${reason}`,
    next: "read-log",
  },
  {
    pattern: /You are in (emergency|rescue) mode|Give root password for maintenance/,
    kind: "emergency-shell",
    fatal,
    summary: (mode) => `it went into ${mode || "emergency"} mode instead of booting`,
    next: "read-log",
  },
  {
    pattern: /^\(initramfs\) ?$|Entering emergency mode\. Exit the shell to continue/,
    kind: "emergency-shell",
    fatal,
    summary: () => "its initramfs gave up and opened a shell",
    next: "read-log",
  },
  {
    pattern: /Enter full pathname of shell or RETURN for \S+/,
    kind: "emergency-shell",
    fatal,
    summary: () => "it went into single-user mode instead of booting",
    next: "read-log",
  },
  {
    pattern: /\[!!!!!!\] (.+), freezing\.|systemd\[1\]: Freezing execution/,
    kind: "init-failed",
    fatal,
    summary: (reason) => `systemd froze${reason ? `: ${reason}` : ""}`,
    next: "read-log",
  },
  {
    pattern: /sshd(?:\[\d+\])?: no hostkeys available -- exiting/,
    kind: "no-ssh",
    fatal,
    summary: () => "its SSH server has no host key",
    next: "rebuild-image",
  },
  {
    pattern: /Failed to start (ssh(?:d|@\S*)?\.service.*)/,
    kind: "no-ssh",
    fatal,
    summary: () => "its SSH server did not start",
    next: "read-log",
  },
  {
    pattern: /No bootable device|BdsDxe: No bootable option or device was found|^Shell> ?$/,
    kind: "firmware",
    fatal,
    summary: () => "its firmware found nothing to boot",
    next: "rebuild-image",
  },
  {
    pattern: /EFI stub: ERROR: (.+)|^error: (no such device: .+|unknown filesystem.*)/,
    kind: "firmware",
    fatal,
    summary: (efi, grub) => `its boot loader failed: ${efi || grub}`,
    next: "rebuild-image",
  },
  {
    pattern: /This kernel requires an? (.+) CPU, but only detected/,
    kind: "firmware",
    fatal,
    summary: (cpu) => `its kernel needs an ${cpu} CPU`,
    next: "read-log",
  },
  {
    pattern: /[Oo]ut of memory: Killed process \d+ \((.+?)\)/,
    kind: "out-of-memory",
    fatal: false,
    summary: (process) => `it ran out of memory and killed "${process}"`,
    next: "more-memory",
  },
  {
    pattern: /EXT4-fs (?:error|warning) \(.*No space left|No space left on device|filesystem full/i,
    kind: "no-disk-space",
    fatal: false,
    summary: () => "its disk is full",
    next: "more-disk",
  },
  {
    // The kernel tells after 22 s, 48 s, ...: by the second time nothing brings it back. Seen
    // under TCG (QEMU 7.2) about once in a hundred boots.
    pattern: /soft lockup - CPU#\d+ stuck for (4[5-9]|[5-9]\d|\d{3,})s/,
    kind: "lockup",
    fatal,
    summary: (seconds) => `its CPU has stood still for ${seconds} s`,
    next: "fewer-guests",
  },
  {
    pattern: /(?:soft lockup - CPU#\d+ stuck for (\d+)s|rcu_\w+ (?:self-)?detected stalls?)/,
    kind: "overload",
    fatal: false,
    summary: (seconds) => `its CPU stood still${seconds ? ` for ${seconds} s` : ""}`,
    next: "fewer-guests",
  },
];

/** The cause that a console line names, if it names one. The line is plain text. */
export function findCause(line: string): ConsoleCause | undefined {
  for (const [rank, rule] of RULES.entries()) {
    const match = rule.pattern.exec(line);
    if (match === null) continue;
    const { kind, fatal, next } = rule;
    const groups = match.slice(1).map((group) => group ?? "");
    return { kind, fatal, next, summary: rule.summary(...groups), line, rank };
  }
  return undefined;
}

/** Spells out a piece of advice for one guest. */
export function spellAdvice(
  advice: CauseAdvice,
  guest: { readonly name: string; readonly console: string },
): string {
  switch (advice) {
    case "rebuild-image":
      return `deno task setup-images ${guest.name} --force`;
    case "more-memory":
      return 'give the guest more memory ("memory" in guesthouse.json)';
    case "more-disk":
      return "give the guest a larger disk (diskGiB of the platform), " +
        `then deno task setup-images ${guest.name}`;
    case "fewer-guests":
      return "run fewer guests at once (--jobs 1), or raise timeouts.boot";
    case "read-log":
      return `less -R ${guest.console}`;
  }
}

/** `wait(2)`'s status in words. */
function waitStatus(status: number): string {
  const signal = status & 0x7f;
  return signal === 0 ? `with status ${status >> 8}` : `by signal ${signal}`;
}
