/** Runs a step of a test. */
export type Step = (
  name: string,
  work: () => Promise<void>,
  options?: { readonly ignore?: boolean },
) => Promise<void>;

/** Steps of which each only makes sense if those before it were good; the others are left out. */
export function chain(t: Deno.TestContext): Step {
  let failed = false;
  return async (name, work, { ignore = false } = {}) => {
    const passed = await t.step({ name, ignore: failed || ignore, fn: work });
    // Deno calls one that was left out on this host a failure as well.
    failed ||= !passed && !ignore;
  };
}
