const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A number of bytes as text: `0 B`, `12.0 KiB`, `1.4 GiB`. */
export function bytesText(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1023.95 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${UNITS[unit]}`;
}
