import { READ_CONSOLE, REBUILD, symptoms } from "./symptom.ts";

/** Failures of the programs that a guest runs. */
export const PROGRAMS = symptoms({
  where: ["console", "task"],
  endsBoot: false,
}, [
  {
    id: "exec-format",
    patterns: [
      /(?<![^\s:])(?<program>[^\s:]+): (?:cannot execute binary file: )?[Ee]xec format error/,
      /Exec format error/,
    ],
    says: "Exec format error",
    title: "{program|a program} is for another architecture",
    cause:
      "The guest ran a program that was built on the host, or downloaded for it: often from a " +
      "build directory, or a tool that was sent with the sources.",
    fix: [
      "file {program|PROGRAM}",
      "deno task vm-run {guest} -- uname -m",
      "grep -n excludes guesthouse.json",
    ],
  },
  {
    id: "future-time",
    patterns: [/ninja: error: manifest '[^']*' still dirty after \d+ tries/],
    says: "ninja: error: manifest 'build.ninja' still dirty after 100 tries",
    where: ["console", "task"],
    title: "a file has a time in the future, so Ninja configures again and again",
    cause:
      "Whatever configuring writes is older than that file. Guests get no such times from the host, " +
      "but a step may have made the file, as by unpacking an archive.",
    fix: ["find . -newermt now", "find . -newermt now -exec touch {} +", "date"],
  },
  {
    id: "clock-skew",
    patterns: [
      /[Cc]lock skew detected/,
      /has modification time [\d.e+]+ s in the future/,
      /certificate is not yet valid|Release file .* is not valid yet/,
    ],
    says: "Clock skew detected.",
    role: "hint",
    title: "the clocks of host and guest differ, or a file has a time in the future",
    cause:
      "Files or certificates are in the guest's future: its clock was stopped, for example because " +
      "the guest was resumed or the host was asleep. On the host, files may have such times.",
    fix: ["deno task vm-run {guest} -- date", "date", "find . -newermt now", "deno task clean"],
  },
  {
    id: "program-crashed",
    patterns: [
      /(?<![\w.+-])(?<program>[\w.+-]+)\[\d+\]: segfault at/,
      /traps: (?<program>[\w.+-]+)\[\d+\]/,
    ],
    says: "…[…]: segfault at …",
    where: ["console"],
    role: "hint",
    title: "{program} crashed in the guest",
    cause: "The program has a bug, or it uses a feature that the emulated CPU lacks.",
    fix: [READ_CONSOLE, REBUILD],
  },
]);
