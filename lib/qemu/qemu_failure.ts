/** What QEMU's own output says about why it ended. */
export interface QemuFailure {
  /** Completes `Cannot start guest "x": …`. */
  readonly why: string;
  /** The command to run or the setting to change. */
  readonly next?: string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly why: (match: RegExpExecArray) => string;
  readonly next?: string | ((match: RegExpExecArray, guest: string) => string);
}

/**
 * Texts of QEMU 7.2, all seen from the real program except those of hypervisors. The first rule
 * that matches any line wins, so special ones come first.
 */
const RULES: readonly Rule[] = [
  {
    pattern: /Could not set up host forwarding rule '(?:tcp|udp):[^:]*:(\d+)-/,
    why: ([, port]) => `port ${port} of this host is already taken`,
    next: ([, port]) =>
      `ss -ltnp 'sport = :${port}', or set the platform's ssh port to "auto" for a free one`,
  },
  {
    pattern: /Failed to find an available port|Address already in use/,
    why: () => "a port of this host is already taken",
    next: 'set the platform\'s ssh port to "auto" for a free one',
  },
  {
    pattern: /unsupported machine type/,
    why: () => "QEMU does not know the machine of this platform",
    next: "correct the platform's machine (QEMU lists them with -machine help)",
  },
  {
    pattern: /unable to find CPU model '([^']*)'/,
    why: ([, model]) => `QEMU does not know the CPU model "${model}"`,
    next: "correct the platform's cpu (QEMU lists them with -cpu help)",
  },
  {
    pattern: /CPU model '([^']*)' requires KVM/,
    why: ([, model]) => `the CPU model "${model}" needs a hypervisor`,
    next: 'use the CPU model "max" with the accelerator tcg',
  },
  {
    pattern: /'([^']*)' is not a valid device model name/,
    why: ([, device]) => `this QEMU lacks the device "${device}"`,
    next: "deno task check",
  },
  {
    pattern: /(?:qemu-system-\S+): (-\S+): invalid option/,
    why: ([, option]) => `QEMU does not know the option ${option}`,
    next: "deno task check (this QEMU may be too old or too new)",
  },
  {
    pattern: /Property '([^']*)' not found/,
    why: ([, property]) => `QEMU does not know the property "${property}"`,
    next: "correct the platform's machine options",
  },
  {
    pattern: /sandbox support is not enabled|-sandbox: There is no option group/,
    why: () => "this QEMU was built without seccomp",
    next: "deno task check",
  },
  {
    pattern: /Failed to get "(?:write|consistent read|shared "write")" lock/,
    why: () => "another QEMU uses the same disk image",
    next: "deno task vm-list",
  },
  {
    pattern: /cannot create PID file: Cannot lock pid file/,
    why: () => "another QEMU runs in the same run folder",
    next: "deno task vm-list",
  },
  {
    pattern: /Image is not in qcow2 format|[Ii]mage is corrupt|qcow2: Marking image as corrupt/,
    why: () => "its disk image is damaged",
    next: (_, guest) => `deno task setup-images ${guest} --force`,
  },
  {
    pattern: /could not (?:open|load) kernel(?: file)? '([^']*)'/i,
    why: ([, path]) => `the kernel "${path}" cannot be read`,
    next: (_, guest) => `deno task setup-images ${guest} --force`,
  },
  {
    pattern: /(?:error reading initrd|could not load (?:initrd|initial ram disk)) '?([^':]+)/i,
    why: ([, path]) => `the initramfs "${path}" cannot be read`,
    next: (_, guest) => `deno task setup-images ${guest} --force`,
  },
  {
    pattern: /cannot set up guest memory|[Cc]annot allocate memory/,
    why: () => "this host has not enough free memory for it",
    next: "lower the guest's memory, or run fewer guests at once with --jobs 1",
  },
  {
    pattern: /Invalid SMP CPUs (\d+)\. The max CPUs supported by machine '[^']*' is (\d+)/,
    why: ([, found, most]) => `it asks for ${found} cores, and its machine has ${most} at most`,
    next: "lower the platform's cores",
  },
  {
    pattern: /invalid accelerator (\S+)/,
    why: ([, accelerator]) => `this QEMU was built without the accelerator ${accelerator}`,
    next: "use --accel tcg",
  },
  {
    pattern: /Could not access KVM kernel module|failed to initialize kvm|failed to set MSR/i,
    why: () => "KVM does not work on this host",
    next: "use --accel tcg",
  },
  {
    pattern: /HV_(?:ERROR|DENIED|NO_DEVICE|UNSUPPORTED)|failed to initialize hvf/i,
    why: () => "Apple's hypervisor does not work for this QEMU",
    next: "use --accel tcg",
  },
  {
    pattern: /No space left on device/,
    why: () => "a disk of this host is full",
    next: "df -h",
  },
  {
    pattern: /Could not open '([^']*)': (.*)/,
    why: ([, path, reason]) => `"${path}" cannot be opened: ${reason}`,
  },
  {
    pattern: /Failed to bind socket to (.*): (.*)/,
    why: ([, path, reason]) => `the socket "${path}" cannot be made: ${reason}`,
  },
];

/**
 * Recognises why QEMU ended from the last lines of its output. `undefined` when no rule knows
 * the text; the caller then shows the lines themselves.
 */
export function explainQemuOutput(
  lines: readonly string[],
  guest: string,
): QemuFailure | undefined {
  for (const { pattern, why, next } of RULES) {
    for (const line of lines) {
      const match = pattern.exec(line);
      if (match === null) continue;
      return { why: why(match), next: typeof next === "function" ? next(match, guest) : next };
    }
  }
  return undefined;
}
