import { READ_CONSOLE, REBUILD, type Symptom } from "./symptom.ts";

const where = ["console"] as const;
const endsBoot = true;

/** The root disk cannot be found, or not be mounted. */
export const ROOT_DISK: readonly Symptom[] = [
  {
    id: "crc32c-driver",
    patterns: [/EXT4-fs \((?<device>\S+)\): Cannot load crc32c driver/],
    says: "EXT4-fs (…): Cannot load crc32c driver",
    where,
    endsBoot,
    title: "its kernel cannot mount {device} as ext4",
    cause: "ext4 checks its data with crc32c, and the initramfs has no module for that " +
      "(crc32c_generic and libcrc32c).",
    fix: [REBUILD],
  },
  {
    id: "ext4-superblock",
    patterns: [/EXT4-fs \((?<device>\S+)\): unable to read superblock/],
    says: "EXT4-fs (…): unable to read superblock",
    where,
    endsBoot,
    title: "its kernel cannot mount {device} as ext4",
    cause: "The disk holds no ext4, or less than there was: the image is damaged or cut short.",
    fix: [REBUILD],
  },
  {
    id: "disk-too-short",
    patterns: [
      /EXT4-fs \((?<device>\S+)\): bad geometry: block count \d+ exceeds size of device/,
      /(?<device>[vs]d[a-z]\d*): .*attempt to access beyond end of device/,
      /attempt to access beyond end of device/,
    ],
    says: "EXT4-fs (…): bad geometry: block count … exceeds size of device",
    where,
    endsBoot,
    title: "its disk {device|image} is shorter than its file system",
    cause: "The image was cut short, often by a download or a copy that did not finish.",
    fix: [REBUILD, "qemu-img info images/dist/{guest}/disk.qcow2"],
  },
  {
    id: "root-device",
    patterns: [/VFS: Cannot open root device "(?<device>[^"]*)"/],
    says: 'VFS: Cannot open root device "…"',
    where,
    endsBoot,
    title: 'its kernel cannot open the root disk "{device}"',
    cause: "There is no such disk, or the kernel has no driver for it and no initramfs that does.",
    fix: [REBUILD],
  },
  {
    id: "root-mount",
    // "list of all partitions" follows where the driver works and the content does not.
    patterns: [/VFS: Unable to mount root fs on (?<device>\S+)/],
    says: "VFS: Unable to mount root fs on …",
    where,
    endsBoot,
    title: "its kernel cannot mount the root file system on {device}",
    cause:
      "The image is damaged, or its kernel got no initramfs: with unknown-block(0,0) no disk " +
      "was found at all.",
    fix: [REBUILD],
  },
  {
    id: "root-disk-absent",
    patterns: [/ALERT!\s+(?<device>\S+) does not exist\.\s+Dropping to a shell!/],
    says: "ALERT! … does not exist.",
    where,
    endsBoot,
    title: "its initramfs waited in vain for the root disk {device}",
    cause: "The platform's root= names a disk that the guest does not have.",
    fix: [REBUILD, READ_CONSOLE],
  },
  {
    id: "bsd-root-mount",
    patterns: [/Mounting from (?<device>\S+) failed with error (?<number>\d+)/],
    says: "Mounting from … failed with error …",
    where,
    endsBoot,
    title: "its kernel cannot mount {device} (error {number})",
    cause: "The loader names a disk that the guest does not have, or one that is damaged.",
    fix: [REBUILD],
  },
  {
    id: "bsd-root-prompt",
    patterns: [/^mountroot> ?$|^root device(?: \(default \S+\))?: ?$/],
    says: "root device (default …):",
    where,
    endsBoot,
    title: "its kernel asks which root disk to use",
    cause: "It did not find the one that it was built or told to use, and nobody will answer.",
    fix: [REBUILD],
  },
];
