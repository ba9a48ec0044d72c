import {
  DIAGNOSE,
  MORE_MEMORY,
  ONE_AT_A_TIME,
  READ_CONSOLE,
  REBUILD,
  symptoms,
  TALKATIVE,
} from "./symptom.ts";

const endsBoot = true;

/** Panics; their cause is above them in the log. */
export const PANICS = symptoms({ where: ["console"], endsBoot: true }, [
  {
    id: "panic-memory",
    patterns: [
      /Kernel panic - not syncing: (?:System is deadlocked on memory|Out of memory.*)/,
    ],
    says: "Kernel panic - not syncing: System is deadlocked on memory",
    title: "it ran out of memory",
    cause: "The guest has less memory than its kernel, initramfs and first programs need.",
    fix: [MORE_MEMORY],
    next: 'give the guest more memory ("memory" in guesthouse.json)',
  },
  {
    id: "init-absent",
    patterns: [/Kernel panic - not syncing: No working init found/],
    says: "Kernel panic - not syncing: No working init found.",
    title: "it has no init program",
    cause: "Neither the initramfs nor the root disk has one that this kernel can run.",
    fix: [REBUILD],
  },
  {
    id: "init-requested",
    patterns: [/Kernel panic - not syncing: Requested init (?<init>\S+) failed/],
    says: "Kernel panic - not syncing: Requested init … failed",
    title: "it has no {init}",
    cause: "init= or rdinit= on the kernel's command line names a program that does not exist.",
    fix: [REBUILD, "grep append configs/platforms/*.ts"],
  },
  {
    id: "panic-101",
    patterns: [/Attempted to kill init! exitcode=0x(?<exitcode>00006500)/],
    says: "Attempted to kill init! exitcode=0x00006500",
    role: "consequence",
    title: "its first process ended {ended}",
    cause:
      "0x65 is 101, the status of a Rust program that panicked, and of one that could not be " +
      "run. If a line says execv failed, its errno shows why: 8 is another architecture, 2 a " +
      "missing file, 13 a file that is not executable, 12 too little memory.",
    fix: ["grep -n 'errno=' {console}", REBUILD],
    next: DIAGNOSE,
  },
  {
    id: "init-ended",
    patterns: [
      /Kernel panic - not syncing: Attempted to kill init! exitcode=0x(?<exitcode>[0-9a-f]{8})/,
    ],
    says: "Attempted to kill init! exitcode=…",
    role: "consequence",
    title: "its first process ended {ended}",
    cause: "The kernel cannot continue without it. Its last messages are above the panic.",
    fix: [READ_CONSOLE, TALKATIVE],
    next: DIAGNOSE,
  },
  {
    id: "panic",
    patterns: [/Kernel panic - not syncing: (?<reason>.+)/],
    says: "Kernel panic - not syncing: …",
    role: "consequence",
    title: "its kernel panicked: {reason}",
    cause: "If the guest uses a hypervisor, check whether it also panics under emulation.",
    fix: [READ_CONSOLE, "deno task build-vm {guest} --accel tcg"],
    next: DIAGNOSE,
  },
  {
    id: "bsd-panic",
    // FreeBSD and NetBSD. Their kernels print it at the start of a line.
    patterns: [/^(?:\[[ \d.]+\] )?panic: (?<reason>.+)/],
    says: "panic: …",
    role: "consequence",
    title: "its kernel panicked: {reason}",
    cause: "If the guest uses a hypervisor, check whether it also panics under emulation.",
    fix: [READ_CONSOLE, "deno task build-vm {guest} --accel tcg"],
    next: DIAGNOSE,
  },
]);

const FEWER = "run fewer guests at once (--jobs 1), or raise timeouts.boot";

/** A guest whose processors hang. */
export const STALLS = symptoms({ where: ["console"], endsBoot: false }, [
  {
    id: "lockup",
    // The kernel reports it after 22 s, 48 s, ...: after the second time nothing helps. Seen under
    // TCG (QEMU 7.2) about once in a hundred boots.
    patterns: [/soft lockup - CPU#\d+ stuck for (?<seconds>4[5-9]|[5-9]\d|\d{3,})s/],
    says: "watchdog: BUG: soft lockup - CPU#… stuck for 48s!",
    endsBoot,
    title: "its CPU has been stuck for {seconds} s",
    cause: "The emulator hangs; starting the guest again helps, which tasks do once.",
    fix: [ONE_AT_A_TIME],
    next: FEWER,
  },
  {
    id: "overload",
    patterns: [/soft lockup - CPU#\d+ stuck for (?<seconds>\d+)s/],
    says: "watchdog: BUG: soft lockup - CPU#… stuck for 22s!",
    role: "hint",
    title: "its CPU was stuck for {seconds} s",
    cause: "The host gives the guest too little processor time.",
    fix: [ONE_AT_A_TIME],
    next: FEWER,
  },
  {
    id: "rcu-stall",
    patterns: [/rcu_\w+ (?:self-)?detected stalls?/],
    says: "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    role: "hint",
    title: "its CPU was stuck",
    cause: "The host gives the guest too little processor time.",
    fix: [ONE_AT_A_TIME],
    next: FEWER,
  },
]);
