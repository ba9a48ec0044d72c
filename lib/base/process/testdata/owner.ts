/**
 * A task for the tests of processes: starts one that it owns, says so, and ends in the way that
 * its first argument names.
 *
 *   deno run owner.ts wait|release|exit|throw OUTPUT COMMAND...
 */
import { spawnOwned } from "../process.ts";

const [mode, output, ...command] = Deno.args;
const child = spawnOwned(command, { output, graceMs: 200 });
if (mode === "release") await child.release();
console.log("started");
// The test closes stdin once the process has come up.
await new Response(Deno.stdin.readable).text();
if (mode === "exit") Deno.exit();
if (mode === "throw") throw new Error("the task has a bug");
