/** Prints the start time of the process whose pid is the argument. */
import { processStartTime } from "../start_time.ts";

console.log(await processStartTime(Number(Deno.args[0])));
