import { assertEquals } from "@std/assert";
import { findCause } from "./console_causes.ts";

const cases: [line: string, summary: string, fatal: boolean][] = [
  [
    "[    1.0] Kernel panic - not syncing: System is deadlocked on memory",
    "it ran out of memory",
    true,
  ],
  [
    "[    2.9] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
    "its kernel cannot mount the root file system on unknown-block(0,0)",
    true,
  ],
  [
    "[    2.9] Kernel panic - not syncing: Requested init /sbin/nosuch failed (error -2).",
    "it has no /sbin/nosuch",
    true,
  ],
  [
    "[    2.9] Kernel panic - not syncing: No working init found.  Try passing init= option",
    "it has no init program",
    true,
  ],
  [
    "[    9.9] Kernel panic - not syncing: Fatal exception in interrupt",
    "its kernel panicked: Fatal exception in interrupt",
    true,
  ],
  ["panic: page fault", "its kernel panicked: page fault", true],
  ["[   1.0400000] panic: no root device", "its kernel panicked: no root device", true],
  ["root device (default dk1): ", "its kernel asks which root disk to use", true],
  [
    "EXT4-fs (vda): Cannot load crc32c driver.",
    "its kernel cannot mount vda as ext4",
    true,
  ],
  [
    "[!!!!!!] Failed to allocate manager object, freezing.",
    "systemd froze: Failed to allocate manager object",
    true,
  ],
  [
    "[FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.",
    "its SSH server did not start",
    true,
  ],
  ["sshd: no hostkeys available -- exiting.", "its SSH server has no host key", true],
  [
    "Enter full pathname of shell or RETURN for /bin/sh:",
    "it entered single-user mode instead of booting",
    true,
  ],
  ["EFI stub: ERROR: Failed to load initrd", "its boot loader failed: Failed to load initrd", true],
  [
    "BdsDxe: No bootable option or device was found.",
    "its firmware found nothing to boot",
    true,
  ],
  [
    "[   77.1] Out of memory: Killed process 412 (cc1plus) total-vm:912340kB",
    'it ran out of memory and killed "cc1plus"',
    false,
  ],
  ["cp: error writing 'x': No space left on device", "its disk is full", false],
  [
    "[  60.1] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [swapper/0:1]",
    "its CPU was stuck for 22 s",
    false,
  ],
  ["rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "its CPU was stuck", false],
];

for (const [line, summary, fatal] of cases) {
  Deno.test(`findCause() reads ${JSON.stringify(line)}`, () => {
    const cause = findCause(line);
    assertEquals([cause?.summary, cause?.fatal, cause?.line], [summary, fatal, line]);
  });
}

Deno.test("findCause() finds nothing in ordinary boot messages", () => {
  const harmless = [
    "[    0.000000] Kernel command line: console=ttyS0 panic=-1 root=/dev/vda",
    "[    1.2] VFS: Disk quotas dquot_6.6.0",
    "[    0.9] rcu: Hierarchical RCU implementation.",
    "Starting emergency.service - Emergency Shell...",
    "[    1.8] EXT4-fs (vda): mounted filesystem with ordered data mode. Quota mode: none.",
    "[  OK  ] Started ssh.service - OpenBSD Secure Shell server.",
    "[init] root: 108 ms (/dev/vda, ext4)",
    "make: *** panic: not at the start",
  ];
  for (const line of harmless) assertEquals(findCause(line), undefined, line);
});
