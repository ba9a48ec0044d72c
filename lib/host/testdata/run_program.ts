/** Runs its arguments as `run()` does, under whatever permissions it has; prints the outcome. */
import { run } from "../process.ts";

try {
  console.log(JSON.stringify(await run(Deno.args, { stdin: Deno.env.get("TEST_STDIN") })));
} catch (error) {
  console.log(String(error));
}
