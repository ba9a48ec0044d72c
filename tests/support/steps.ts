/**
 * Runs a step of a test. `missing` says what this host lacks for it, if anything: the step is then
 * left out.
 */
export type Step = (name: string, work: () => Promise<void>, missing?: string) => Promise<void>;

/** Steps of which each only makes sense if those before it were good; the others are left out. */
export function chain(t: Deno.TestContext): Step {
  let failed = false;
  return async (name, work, missing) => {
    const title = missing === undefined ? name : `${name} (without ${missing})`;
    const ignore = failed || missing !== undefined;
    // Deno says of one that is left out that it has not passed.
    failed ||= !await t.step({ name: title, ignore, fn: work }) && missing === undefined;
  };
}
