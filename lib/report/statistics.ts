/** The middle value, or the mean of the two in the middle. `undefined` for no values. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? undefined : toHundredths((low + high) / 2);
}

/** Seconds and ratios are rounded to a hundredth; more digits would be noise. */
export function toHundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
