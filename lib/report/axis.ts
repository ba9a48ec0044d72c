/** An axis from 0, with marks at the multiples of its step. */
export interface Axis {
  /** A multiple of the step, not less than any value. */
  readonly max: number;
  readonly marks: readonly number[];
}

/** The most steps between 0 and the end; that many labels fit on a phone. */
const MOST_STEPS = 8;

/** The axis for values up to this one; its step is 1, 2 or 5 times a power of ten. */
export function axisFor(greatest: number): Axis {
  const wanted = Number.isFinite(greatest) && greatest > 0 ? greatest : 1;
  const power = 10 ** Math.floor(Math.log10(wanted / MOST_STEPS));
  const step = [1, 2, 5, 10].map((factor) => factor * power)
    .find((step) => wanted / step <= MOST_STEPS)!;
  // Rounded, since 0.07 / 0.01 is a little more than 7, and 3 * 0.1 a little more than 0.3.
  const steps = Math.ceil(Number((wanted / step).toFixed(6)));
  const marks = Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toFixed(9)));
  return { max: marks.at(-1)!, marks };
}

/** A length on an axis as a percentage, for a style. */
export function percent(value: number, { max }: Axis): string {
  const share = Number.isFinite(value) ? Math.min(Math.max(value / max, 0), 1) : 0;
  return `${Number((share * 100).toFixed(3))}%`;
}
