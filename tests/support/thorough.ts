/**
 * Whether tests are to prove at length what they otherwise prove in short: fifty times instead of
 * five, every part instead of one. `deno task test --thorough` says so, and without it the summary
 * names each test that was left out for this.
 */
export const thorough: boolean = Deno.env.get("GUESTHOUSE_THOROUGH") === "1";
