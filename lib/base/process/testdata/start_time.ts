/** Prints the start time of the process whose pid is the argument. */
import { processStartTime } from "../process.ts";

console.log(await processStartTime(Number(Deno.args[0])));
