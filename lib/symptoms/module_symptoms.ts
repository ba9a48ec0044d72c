import { MORE_MEMORY, READ_CONSOLE, REBUILD, symptoms } from "./symptom.ts";

/** The initramfs continues, and fails later if it needed the module. */

/** Without one of these there is no root disk, or no network. */
const NEEDED = "ext4|jbd2|mbcache|crc16|crc32c[\\w-]*|libcrc32c|virtio\\w*|failover|net_failover|" +
  "scsi_mod|sd_mod|ahci|nvme\\w*|erofs|order";

/** Kernel modules that do not load. */
export const MODULES = symptoms({ where: ["console"], endsBoot: false }, [
  {
    id: "module-optional",
    patterns: [
      new RegExp(`\\[module\\] (?!(?:${NEEDED})(?:\\.ko|:))(?<module>\\S+): errno=(?<errno>\\d+)`),
    ],
    says: "[module] …: errno=…",
    role: "hint",
    title: "it continues without the module {module}: {error}",
    cause: "Neither the root disk nor the network needs it.",
    fix: ["deno task setup-images {guest} --explain"],
  },
  {
    id: "module-missing",
    patterns: [/\[module\] (?<module>\S+): errno=(?<errno>2)\b/],
    says: "[module] ext4.ko: errno=2",
    title: "its initramfs lacks the module {module}",
    cause: "The initramfs was packed without it, or for another kernel.",
    fix: [REBUILD, "deno task setup-images {guest} --explain"],
  },
  {
    id: "module-format",
    patterns: [
      /\[module\] (?<module>\S+): errno=(?<errno>8)\b/,
      /(?<![\w-])(?<module>[\w-]+): version magic '[^']*' should be '[^']*'/,
    ],
    says: "[module] ext4.ko: errno=8",
    title: "its module {module} is not for this kernel",
    cause:
      "Module and kernel come from different packages or architectures, or the file is still " +
      "compressed.",
    fix: [REBUILD],
  },
  {
    id: "module-signature",
    patterns: [
      /\[module\] (?<module>\S+): errno=(?<errno>1|126|127|128|129)\b/,
      /(?<!\S)(?<module>\S+): module verification failed.*reject|Loading of (?:unsigned module|module with unavailable key) is rejected/,
    ],
    says: "[module] ext4.ko: errno=129",
    title: "its kernel refuses the module {module|that it was given}",
    cause:
      "The kernel accepts only signed modules (Secure Boot, lockdown, module.sig_enforce), and " +
      "the signature is missing or not its own.",
    fix: [REBUILD, 'deno task build-vm {guest} --append "module.sig_enforce=0"'],
  },
  {
    id: "module-memory",
    patterns: [/\[module\] (?<module>\S+): errno=(?<errno>12)\b/],
    says: "[module] ext4.ko: errno=12",
    title: "it has too little memory for its module {module}",
    cause: "The kernel and the initramfs take nearly all of the guest's memory.",
    fix: [MORE_MEMORY],
  },
  {
    id: "module-symbol",
    patterns: [/(?<![\w-])(?<module>[\w-]+): Unknown symbol (?<symbol>\w+)/],
    says: "ext4: Unknown symbol …",
    title: "its module {module} needs {symbol} from another module",
    cause: "A module that it depends on was not loaded before it, or is for another kernel.",
    fix: [REBUILD],
  },
  {
    id: "module-failed",
    patterns: [/\[module\] (?<module>\S+): errno=(?<errno>\d+)/],
    says: "[module] virtio_blk.ko: errno=…",
    title: "its module {module} does not load: {error}",
    cause: "The kernel has read the file, but refuses it.",
    fix: [REBUILD, READ_CONSOLE],
  },
]);
