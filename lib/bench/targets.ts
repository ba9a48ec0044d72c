/** The measurements, in their order. */
export const MEASUREMENTS = [
  "first-command",
  "build-vm",
  "warm-command",
  "warm-build-vm",
  "incremental",
  "guests",
  "micro",
  "dev",
  "help",
  "setup-images",
  "from-nothing",
] as const;

/** A group of rows that are measured together. */
export type Measurement = typeof MEASUREMENTS[number];

/** Measurements that start guests. */
export const WITH_GUESTS: readonly Measurement[] = [
  ...["first-command", "build-vm", "warm-command", "warm-build-vm"] as const,
  ...["incremental", "guests"] as const,
];

/**
 * The highest acceptable medians, in seconds: emulated, on an idle Debian 12 machine with 2 cores.
 */
export const TARGETS: Readonly<Record<string, number>> = {
  "first command": 9,
  "build-vm: around the compile": 12,
  "warm first command": 1.3,
  "incremental: total": 4,
  "4 guests": 6,
  "agent ready, micro kernel": 2,
  "agent ready, distribution kernel": 3,
  "agent ready, warm, micro kernel": 0.35,
  "agent ready, warm, distribution kernel": 0.35,
  "agent round trip, micro kernel": 0.015,
  "agent round trip, distribution kernel": 0.015,
  // At 40 MiB/s.
  "100 MiB out, micro kernel": 2.5,
  "100 MiB out, distribution kernel": 2.5,
  "100 MiB in, micro kernel": 2.5,
  "100 MiB in, distribution kernel": 2.5,
  "arm-dev-init": 300,
  "arm-dev": 10,
  "arm-dev-ssh -- true": 0.6,
  "--help of every task": 0.2,
  "--help of the slowest task": 0.2,
  "setup-images, unchanged": 0.3,
  "build-all from nothing": 360,
};
