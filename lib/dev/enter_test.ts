import { assertEquals, assertStringIncludes } from "@std/assert";
import { enterText } from "./enter.ts";

/** Runs the text as the guest's bash does. */
async function enter(guestDir: string, argv: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", enterText(guestDir, argv, true)],
    env: { SHELL: "/bin/echo" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("enterText() runs a command in the directory, word by word, and passes its status", async () => {
  const dir = await Deno.makeTempDir({ prefix: "a directory " });
  try {
    assertEquals(await enter(dir, ["pwd"]), { code: 0, stdout: `${dir}\n`, stderr: "" });
    const words = ["printf", "<%s>", "a b", "$HOME", "it's", "", "*"];
    assertEquals((await enter(dir, words)).stdout, "<a b><$HOME><it's><><*>");
    assertEquals((await enter(dir, ["sh", "-c", "exit 7"])).code, 7);
  } finally {
    await Deno.remove(dir);
  }
});

Deno.test("enterText() ends with 4 for a command whose directory is missing; a shell starts anyway", async () => {
  const command = await enter("/no such", ["true"]);
  assertEquals([command.code, command.stdout], [4, ""]);
  assertStringIncludes(command.stderr, "guesthouse: the guest has no directory /no such\n");
  const shell = await enter("/no such", []);
  assertEquals([shell.code, shell.stdout], [0, "-l\n"]);
  assertStringIncludes(shell.stderr, "guesthouse: the guest has no directory /no such\n");
});
