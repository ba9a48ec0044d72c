import { READ_CONSOLE, REBUILD, symptoms } from "./symptom.ts";

/** The root disk cannot be found or mounted. */
export const ROOT_DISK = symptoms({ where: ["console"], endsBoot: true }, [
  {
    id: "crc32c-driver",
    patterns: [/EXT4-fs \((?<device>\S+)\): Cannot load crc32c driver/],
    says: "EXT4-fs (…): Cannot load crc32c driver",
    title: "its kernel cannot mount {device} as ext4",
    cause: "ext4 checks its data with crc32c, but the initramfs has no module for it " +
      "(crc32c_generic and libcrc32c).",
    fix: [REBUILD],
  },
  {
    id: "ext4-superblock",
    patterns: [/EXT4-fs \((?<device>\S+)\): unable to read superblock/],
    says: "EXT4-fs (…): unable to read superblock",
    title: "its kernel cannot mount {device} as ext4",
    cause: "The disk has no ext4 file system, or not all of it: the image is damaged or truncated.",
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
    title: "its disk {device|image} is shorter than its file system",
    cause: "The image was truncated, often by a download or a copy that did not finish.",
    fix: [REBUILD, "qemu-img info images/dist/{guest}/disk.qcow2"],
  },
  {
    id: "root-device",
    patterns: [/VFS: Cannot open root device "(?<device>[^"]*)"/],
    says: 'VFS: Cannot open root device "…"',
    title: 'its kernel cannot open the root disk "{device}"',
    cause: "There is no such disk, or neither the kernel nor an initramfs has a driver for it.",
    fix: [REBUILD],
  },
  {
    id: "root-mount",
    // "list of all partitions" follows if the driver works but the contents are wrong.
    patterns: [/VFS: Unable to mount root fs on (?<device>\S+)/],
    says: "VFS: Unable to mount root fs on …",
    title: "its kernel cannot mount the root file system on {device}",
    cause:
      "The image is damaged, or its kernel got no initramfs: unknown-block(0,0) means that no " +
      "disk was found at all.",
    fix: [REBUILD],
  },
  {
    id: "root-disk-absent",
    patterns: [/ALERT!\s+(?<device>\S+) does not exist\.\s+Dropping to a shell!/],
    says: "ALERT! … does not exist.",
    title: "its initramfs did not find the root disk {device}",
    cause: "The platform's root= names a disk that the guest does not have.",
    fix: [REBUILD, READ_CONSOLE],
  },
  {
    id: "bsd-root-mount",
    patterns: [/Mounting from (?<device>\S+) failed with error (?<number>\d+)/],
    says: "Mounting from … failed with error …",
    title: "its kernel cannot mount {device} (error {number})",
    cause: "The loader names a disk that the guest does not have, or that is damaged.",
    fix: [REBUILD],
  },
  {
    id: "bsd-root-prompt",
    patterns: [/^mountroot> ?$|^root device(?: \(default \S+\))?: ?$/],
    says: "root device (default …):",
    title: "its kernel asks which root disk to use",
    cause: "It did not find the disk that it was built or told to use, and nobody can answer.",
    fix: [REBUILD],
  },
]);
