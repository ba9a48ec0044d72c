/** Runs its arguments as a template's words, under whatever permissions it has; prints the outcome. */
import { $ } from "../dollar.ts";

const [program = "", ...args] = Deno.args;
console.log(await $`${program} -- ${args}`.text().catch(String));
