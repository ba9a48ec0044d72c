/**
 * Takes a lock, says so, and holds it until stdin ends.
 *
 *   deno run hold_lock.ts PATH PURPOSE
 */
import { acquireLock } from "../../files/lock.ts";

const [path = "", purpose] = Deno.args;
await using _lock = await acquireLock(path, { purpose });
console.log("held");
await new Response(Deno.stdin.readable).text();
