/** Units as written in configs and flags; each gives its value in the smallest one. */
const MIB: Readonly<Record<string, number>> = { M: 1, G: 1024 };
const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Shape of a memory size: `512M`, `2G`, `1.5G`. */
export const MEMORY_PATTERN = /^\d{1,7}(\.\d{1,3})?[MG]$/;
/** Shape of a duration: `90s`, `10m`, `1h`. */
export const DURATION_PATTERN = /^\d{1,7}[smh]$/;

export const MEMORY_WANTED = 'MiB as a number or text like "2G"';
export const DURATION_WANTED = 'a duration like "90s", "10m" or "1h"';

/** The smallest guest that still boots Debian, and more than any host has, to catch wrong units. */
const MEMORY_RANGE_MIB = { least: 128, most: 1 << 20 };
/** `setTimeout` waits no longer than 2^31 ms, 24.8 days; a week is enough for any build. */
const LONGEST_MS = 7 * 24 * MS.h!;

/** A memory size in MiB, or undefined if it is invalid or out of range (128 MiB to 1 TiB). */
export function parseMemoryMiB(size: number | string): number | undefined {
  const text = typeof size === "number" ? `${size}M` : size;
  if (!MEMORY_PATTERN.test(text)) return undefined;
  const memoryMiB = Number(text.slice(0, -1)) * MIB[text.slice(-1)]!;
  const inRange = memoryMiB >= MEMORY_RANGE_MIB.least && memoryMiB <= MEMORY_RANGE_MIB.most;
  return inRange && Number.isInteger(memoryMiB) ? memoryMiB : undefined;
}

/** A duration in milliseconds, or undefined if it is invalid or out of range (1 s to 168 h). */
export function parseDurationMs(text: string): number | undefined {
  if (!DURATION_PATTERN.test(text)) return undefined;
  const durationMs = Number(text.slice(0, -1)) * MS[text.slice(-1)]!;
  return durationMs > 0 && durationMs <= LONGEST_MS ? durationMs : undefined;
}
