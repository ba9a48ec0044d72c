/** Measures seconds from now on, to a hundredth. */
export function startClock(): () => number {
  const start = performance.now();
  return () => Math.round((performance.now() - start) / 10) / 100;
}
