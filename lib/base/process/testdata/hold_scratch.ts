/**
 * Makes a temporary directory, and holds it until stdin ends.
 *
 *   deno run hold_scratch.ts
 */
import { makeScratch } from "../scratch.ts";

await using _scratch = await makeScratch("sync");
console.log("held");
await new Response(Deno.stdin.readable).text();
