import { MORE_MEMORY, READ_CONSOLE, REBUILD, symptoms } from "./symptom.ts";

/** Messages of the initramfs when it cannot hand over to the root's program. */
export const INIT_PROGRAM = symptoms({ where: ["console"], endsBoot: true }, [
  {
    id: "init-wrong-arch",
    patterns: [/\[init\] (?<program>\S+): is for (?<found>[^,]+), this is (?<arch>\w+)/],
    says: "[init] …: is for …, this is …",
    title: "its {program} is for {found}, and the guest is {arch}",
    cause: "A program for another architecture was put into the image.",
    fix: [REBUILD, "deno task setup-images {guest} --explain"],
  },
  {
    id: "init-no-program",
    patterns: [/\[init\] (?<program>\S+): is not a program/],
    says: "[init] …: is not a program",
    title: "its {program} is not a program",
    cause: "The file is empty, truncated, or a script whose first line names no interpreter.",
    fix: [REBUILD],
  },
  {
    id: "init-interpreter",
    patterns: [/\[init\] (?<program>\S+): its interpreter is missing/],
    says: "[init] …: its interpreter is missing",
    title: "its {program} needs an interpreter that the image lacks",
    cause:
      "The dynamic loader (ld-linux) of a program, or the interpreter in the first line of a " +
      "script, does not exist.",
    fix: [REBUILD, "less logs/setup-{guest}.log"],
  },
  {
    id: "init-exec-format",
    patterns: [/\[init\] execv failed: errno=(?<errno>8)\b/],
    says: "[init] execv failed: errno=8",
    title: "its first program cannot be run: {error}",
    cause: "It is for another architecture, or truncated: most likely the image has the program " +
      "of another platform.",
    fix: [REBUILD, "deno task setup-images {guest} --explain"],
  },
  {
    id: "init-exec-missing",
    patterns: [/\[init\] execv failed: errno=(?<errno>2)\b/],
    says: "[init] execv failed: errno=2",
    title: "its first program is not in the image",
    cause: "The root disk lacks the program, or its dynamic loader (ld-linux).",
    fix: [REBUILD, "less logs/setup-{guest}.log"],
  },
  {
    id: "init-exec-denied",
    patterns: [/\[init\] execv failed: errno=(?<errno>13)\b/],
    says: "[init] execv failed: errno=13",
    title: "its first program cannot be run: {error}",
    cause: "The file is not executable, or its file system is mounted noexec.",
    fix: [REBUILD],
  },
  {
    id: "init-exec-memory",
    patterns: [/\[init\] execv failed: errno=(?<errno>12)\b/],
    says: "[init] execv failed: errno=12",
    title: "it has too little memory for its first program",
    cause: "The kernel and the initramfs take nearly all of the guest's memory.",
    fix: [MORE_MEMORY],
  },
  {
    id: "init-exec-failed",
    patterns: [/\[init\] execv failed: errno=(?<errno>\d+)/],
    says: "[init] execv failed: errno=…",
    title: "its first program cannot be run: {error}",
    cause: "The initramfs has done its work, but the program on the root disk does not start.",
    fix: [REBUILD, READ_CONSOLE],
  },
]);
