import { CHECK, READ_CONSOLE, REBUILD, symptoms } from "./symptom.ts";

/** The exit statuses of the initramfs; earlier lines have the details. */
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
    "the files of this run cannot be written",
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
    "This is a bug in the init itself; its last message is on the console.",
    READ_CONSOLE,
  ],
];

/** One symptom for each status, and one for unknown ones. */
export const INIT_STATUSES = symptoms({
  where: ["console"],
  endsBoot: true,
  role: "consequence",
}, [
  ...STATUSES.map(([status, what, cause, fix]) => ({
    id: `init-status-${status}`,
    patterns: [new RegExp(String.raw`\[init\] status=${status}\b`)],
    says: `[init] status=${status}`,
    title: `its initramfs gave up: ${what}`,
    cause,
    fix: fix === READ_CONSOLE ? [fix] : [fix, READ_CONSOLE],
  })),
  {
    id: "init-status-other",
    // Status 0 means that the init has done its work.
    patterns: [/\[init\] status=(?<status>[1-9]\d*)/],
    says: "[init] status=…",
    title: "its initramfs gave up with status {status}",
    cause: "The status itself has no meaning; the lines before it show the reason.",
    fix: [READ_CONSOLE, CHECK],
  },
]);
