import { READ_CONSOLE, REBUILD, symptoms, TALKATIVE } from "./symptom.ts";

/** What goes wrong in the initramfs before it hands over. */
export const INIT_STEPS = symptoms({ where: ["console"], endsBoot: true }, [
  {
    id: "init-root-disk",
    patterns: [/\[init\] root disk: not found: (?<disk>\S+)(?: \(disks: (?<disks>[^)]*)\))?/],
    says: "[init] root disk: not found: … (disks: …)",
    title: "its root disk {disk} did not appear; it has {disks|no known disks}",
    cause:
      "No disk has that path or serial: if there are no disks at all, the module of the disk's " +
      "driver is missing; if there are others, guesthouse.root= is wrong.",
    fix: [REBUILD, "deno task build-vm {guest} --dry-run"],
  },
  {
    id: "init-root-content",
    patterns: [
      /\[init\] root: (?<disk>\S+) holds (?<found>.+), not (?<wanted>\S+)/,
      /\[init\] root: (?<disk>[^\s:]+): (?:the disk holds|guesthouse\.rootfstype is) (?<found>.+), which/,
    ],
    says: "[init] root: … holds …, not …",
    title: "its root disk {disk} holds {found}, which cannot be the root",
    cause: "The image is damaged, of another kind, or in a format that QEMU was not told.",
    fix: [REBUILD, "qemu-img info images/dist/{guest}/disk.qcow2"],
  },
  {
    id: "init-root-driver",
    patterns: [/\[init\] root: the kernel has no (?<fs>\w+)/],
    says: "[init] root: the kernel has no ext4",
    title: "its kernel has no {fs}",
    cause: "The module of the root's file system, or one that it needs, was not loaded.",
    fix: [REBUILD, "deno task setup-images {guest} --explain"],
  },
  {
    id: "init-network",
    patterns: [/\[init\] network(?: lo)? failed: errno=(?<errno>\d+)/],
    says: "[init] network failed: errno=…",
    endsBoot: false,
    title: "its initramfs cannot set up the network: {error}",
    cause:
      "The guest continues to boot, but nobody can log in to it. ENODEV means that there is no " +
      "network device, or that virtio_net was not loaded.",
    fix: [REBUILD, READ_CONSOLE],
  },
  {
    id: "init-optional",
    patterns: [/\[init\] (?<step>zram|overlay) failed: errno=(?<errno>\d+)/],
    says: "[init] zram failed: errno=…",
    endsBoot: false,
    role: "hint",
    title: "it continues without {step}: {error}",
    cause: "Swap in memory and a writable layer are useful, but the guest boots without them.",
    fix: ["deno task setup-images {guest} --explain"],
  },
  {
    id: "init-panicked",
    patterns: [/\[init\] panicked at (?<place>\S+?):? (?<reason>.*)/],
    says: "[init] panicked at …",
    title: "its init crashed at {place}: {reason}",
    cause: "This is a bug in the init itself.",
    fix: [READ_CONSOLE, REBUILD],
  },
  {
    id: "init-step-failed",
    patterns: [/\[init\] (?<step>\S.*?) failed: errno=(?<errno>\d+)/],
    says: "[init] … failed: errno=…",
    title: "a step of its initramfs failed, {step}: {error}",
    cause:
      "The named step of the initramfs failed; for the seed and the first boot, the line before " +
      "has the file or the reason.",
    fix: [REBUILD, TALKATIVE],
  },
]);
