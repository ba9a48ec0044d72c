/**
 * Makes a run, says so, and holds it until stdin ends.
 *
 *   deno run hold_run.ts PLATFORM
 */
import { createRun } from "../runs.ts";

await using _run = await createRun(Deno.args[0] ?? "");
console.log("made");
await new Response(Deno.stdin.readable).text();
