import { CHECK, MORE_MEMORY, READ_CONSOLE, REBUILD, type Symptom, TALKATIVE } from "./symptom.ts";

const where = ["console"] as const;
const endsBoot = true;

/** What the first process of the initramfs says when it cannot go on. */
export const INIT: readonly Symptom[] = [
  {
    id: "initramfs-failed",
    patterns: [/guesthouse-init: FAILED: (?<reason>.+)/],
    says: "guesthouse-init: FAILED: …",
    where,
    endsBoot,
    title: "its initramfs failed: {reason}",
    cause: "A module or the root disk is not as the initramfs expects.",
    fix: [REBUILD, READ_CONSOLE],
  },
  {
    id: "init-wrong-arch",
    patterns: [/\[init\] (?<program>\S+): is for (?<found>\w+), this is (?<arch>\w+)/],
    says: "[init] …: is for …, this is …",
    where,
    endsBoot,
    title: "its {program} is for {found}, and the guest is {arch}",
    cause: "A program for another architecture was put into the image.",
    fix: [REBUILD, "deno task setup-images {guest} --explain"],
  },
  {
    id: "init-exec-format",
    patterns: [/\[init\] execv failed: errno=(?<errno>8)\b/],
    says: "[init] execv failed: errno=8",
    where,
    endsBoot,
    title: "its first program cannot be run: {error}",
    cause:
      "It is for another architecture, or cut short: most likely the image holds the program " +
      "of another platform.",
    fix: [REBUILD, "deno task setup-images {guest} --explain"],
  },
  {
    id: "init-exec-missing",
    patterns: [/\[init\] execv failed: errno=(?<errno>2)\b/],
    says: "[init] execv failed: errno=2",
    where,
    endsBoot,
    title: "its first program is not in the image",
    cause: "The root disk lacks it, or lacks the dynamic loader that it names (ld-linux).",
    fix: [REBUILD, "less logs/setup-{guest}.log"],
  },
  {
    id: "init-exec-denied",
    patterns: [/\[init\] execv failed: errno=(?<errno>13)\b/],
    says: "[init] execv failed: errno=13",
    where,
    endsBoot,
    title: "its first program may not be run: {error}",
    cause: "The file is not executable, or its file system is mounted noexec.",
    fix: [REBUILD],
  },
  {
    id: "init-exec-memory",
    patterns: [/\[init\] execv failed: errno=(?<errno>12)\b/],
    says: "[init] execv failed: errno=12",
    where,
    endsBoot,
    title: "it has too little memory for its first program",
    cause: "The guest's memory is nearly all taken by the kernel and the initramfs.",
    fix: [MORE_MEMORY],
  },
  {
    id: "init-exec-failed",
    patterns: [/\[init\] execv failed: errno=(?<errno>\d+)/],
    says: "[init] execv failed: errno=…",
    where,
    endsBoot,
    title: "its first program cannot be run: {error}",
    cause: "The initramfs has done its part; the root disk's program does not start.",
    fix: [REBUILD, READ_CONSOLE],
  },
  {
    id: "init-step-failed",
    patterns: [/\[init\] (?<step>\S.*?) failed: errno=(?<errno>\d+)/],
    says: "[init] … failed: errno=…",
    where,
    endsBoot,
    title: "its initramfs failed at {step}: {error}",
    cause: "The named step of the initramfs went wrong; nothing before it did.",
    fix: [REBUILD, TALKATIVE],
  },
];

/** The statuses with which the initramfs ends, which follow what it has said before. */
const STATUSES: readonly (readonly [status: number, what: string, cause: string, fix: string])[] = [
  [
    64,
    "modules or root not found",
    "The root disk did not appear, or its modules are not in the initramfs.",
    REBUILD,
  ],
  [
    65,
    "the root disk cannot be mounted",
    "Its file system is damaged, or the kernel lacks the module for it.",
    REBUILD,
  ],
  [
    66,
    "its first program has the wrong format",
    "The program is for another architecture.",
    REBUILD,
  ],
  [
    67,
    "its first program cannot be run",
    "It is missing, not executable, or too large for the memory.",
    REBUILD,
  ],
  [
    68,
    "what this run brings along cannot be written",
    "The root disk is full or read-only, or the seed is damaged.",
    "deno task gc",
  ],
  [
    69,
    "its first boot failed",
    "A package could not be configured inside the guest.",
    "less logs/setup-{guest}.log",
  ],
  [
    70,
    "a pseudo file system cannot be mounted",
    "The kernel lacks /proc, /sys or devtmpfs.",
    REBUILD,
  ],
  [
    71,
    "its init crashed",
    "That is a fault of the init itself; its last words are on the console.",
    READ_CONSOLE,
  ],
];

/** One symptom for each status, and one for those that have no meaning. */
export const INIT_STATUSES: readonly Symptom[] = [
  ...STATUSES.map(([status, what, cause, fix]): Symptom => ({
    id: `init-status-${status}`,
    patterns: [new RegExp(String.raw`\[init\] status=${status}\b`)],
    says: `[init] status=${status}`,
    where,
    endsBoot,
    role: "consequence",
    title: `its initramfs gave up: ${what}`,
    cause,
    fix: fix === READ_CONSOLE ? [fix] : [fix, READ_CONSOLE],
  })),
  {
    id: "init-status-other",
    // Status 0 is an init that has done its work.
    patterns: [/\[init\] status=(?<status>[1-9]\d*)/],
    says: "[init] status=…",
    where,
    endsBoot,
    role: "consequence",
    title: "its initramfs gave up with status {status}",
    cause: "The status has no meaning of its own; what was said before it has.",
    fix: [READ_CONSOLE, CHECK],
  },
];
