/** Runs a step of a test. */
export type Step = (name: string, work: () => Promise<void>) => Promise<void>;

/** Steps of which each only makes sense if those before it were good; the others are left out. */
export function chain(t: Deno.TestContext): Step {
  let failed = false;
  return async (name, work) => {
    failed ||= !await t.step({ name, ignore: failed, fn: work });
  };
}
