/** Runs its arguments as `run()` does, under whatever permissions it has; prints the outcome. */
import { run } from "../run.ts";

try {
  const environment = Deno.env.get("TEST_ENVIRONMENT") === "user" ? "user" : "clean";
  const options = { stdin: Deno.env.get("TEST_STDIN"), environment } as const;
  console.log(JSON.stringify(await run(Deno.args, options)));
} catch (error) {
  console.log(String(error));
}
