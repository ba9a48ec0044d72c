import { assertEquals } from "@std/assert";
import { denoTaskText } from "./deno_task.ts";

Deno.test("denoTaskText() is a command that this user can type", () => {
  const viaNpx = Deno.execPath().includes("/_npx/");
  const deno = viaNpx ? `npx -y deno@${Deno.version.deno}` : "deno";
  assertEquals(denoTaskText("check"), `${deno} task check`);
  assertEquals(denoTaskText("check", ["--for", "a b"]), `${deno} task check --for 'a b'`);
});
