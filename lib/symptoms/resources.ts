import { MORE_MEMORY, ONE_AT_A_TIME, READ_CONSOLE, REBUILD, symptoms } from "./symptom.ts";

/** Memory and disk, of the guest and of the host. */
export const RESOURCES = symptoms({ where: ["task"], endsBoot: false }, [
  {
    id: "host-memory",
    patterns: [/[Oo]ut of memory: Killed process \d+ \((?<program>qemu-system-[\w-]*)\)/],
    says: "Out of memory: Killed process … (qemu-system-…)",
    where: ["host", "task", "console"],
    endsBoot: true,
    title: "this host ran out of memory and killed QEMU",
    cause: "All guests and other programs together need more memory than the host has.",
    fix: [ONE_AT_A_TIME, "free -m"],
  },
  {
    id: "qemu-killed",
    patterns: [/QEMU was killed \(signal 9\)/],
    says: "QEMU was killed (signal 9)",
    endsBoot: true,
    title: "QEMU was killed (signal 9)",
    cause: "Most likely the host ran out of memory; the kernel's log then names QEMU.",
    fix: ["sudo dmesg | grep -i 'killed process'", ONE_AT_A_TIME],
  },
  {
    id: "guest-memory",
    patterns: [/[Oo]ut of memory: Killed process \d+ \((?<process>.+?)\)/],
    says: "Out of memory: Killed process … (…)",
    where: ["console"],
    title: 'it ran out of memory and killed "{process}"',
    cause: "Often many compilers run at once: each takes up to a gigabyte.",
    fix: [MORE_MEMORY, "deno task build-vm {guest} --cores 1"],
    next: 'give the guest more memory ("memory" in guesthouse.json)',
  },
  {
    id: "compiler-killed",
    patterns: [
      /fatal error: Killed signal terminated program (?<process>\S+)/,
      /virtual memory exhausted: Cannot allocate memory/,
    ],
    says: "fatal error: Killed signal terminated program cc1plus",
    title: "a compiler ran out of memory",
    cause: "Often many compilers run at once: each takes up to a gigabyte.",
    fix: [MORE_MEMORY, "deno task build-vm {guest} --cores 1"],
  },
  {
    id: "guest-disk-full",
    patterns: [
      /EXT4-fs (?:error|warning) \(.*No space left|No space left on device|filesystem full/i,
    ],
    says: "No space left on device",
    where: ["console", "task"],
    title: "its disk is full",
    cause:
      'The build needs more space than the platform\'s "diskGiB"; on the console of an image that ' +
      "is being built, the packages do.",
    fix: ["grep -n diskGiB configs/platforms/*.ts", REBUILD],
    next: "give the guest a larger disk (diskGiB of the platform), " +
      "then deno task setup-images {guest}",
  },
  {
    id: "disk-errors",
    patterns: [
      /(?:blk_update_request: )?I\/O error, dev (?<device>\w+), sector \d+/,
      /EXT4-fs error \(device (?<device>\S+)\)/,
      /(?<device>[vs]d[a-z]\d*): .*(?:checksum invalid|checksum error)/,
    ],
    says: "I/O error, dev …, sector …",
    where: ["console"],
    title: "its disk {device} has read or write errors",
    cause: "The image is damaged or truncated, or the host's disk is full or broken.",
    fix: [REBUILD, "df -h"],
  },
  {
    id: "read-only",
    patterns: [
      /Remounting filesystem read-only/,
      /[:(] ?Read-only file system\)?\.?$/,
    ],
    says: "Read-only file system",
    where: ["console", "task"],
    role: "consequence",
    title: "a file system of the guest is read-only",
    cause:
      "After an error the kernel makes the file system read-only; without an error, it never was " +
      "writable, such as an installed system's own directories.",
    fix: [READ_CONSOLE, "deno task vm-run {guest} -- findmnt -o TARGET,FSTYPE,OPTIONS"],
  },
]);
