import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { firstText, KNOWN_TERMINAL, sshCommand } from "./living.ts";

/** Runs a text as a guest's shell does. */
async function runText(shell: string, text: string, env: Record<string, string>) {
  const { stdout, stderr } = await new Deno.Command(shell, { args: ["-c", text], env }).output();
  return { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("firstText() sets variables, and a clock that is far off in either direction", async () => {
  const dir = await Deno.makeTempDir({ prefix: "guesthouse-living-" });
  try {
    // Stands for a sudo that sets the clock.
    const sudo = '#!/bin/sh\nprintf "%s\\n" "$*" >&2\n';
    await Deno.writeTextFile(join(dir, "sudo"), sudo, { mode: 0o755 });
    const env = { PATH: `${dir}:${Deno.env.get("PATH")}` };
    const commands = { asRoot: (argv: readonly string[]) => ["sudo", "-n", ...argv] };
    const now = Math.round(Date.now() / 1000);
    for (const off of [-3600, -2, 0, 3600]) {
      const text = firstText(commands, { WORD: "it's" }, now + off) + 'printf %s "$WORD"';
      const stderr = Math.abs(off) < 5 ? "" : `-n date -u -s @${now + off}\n`;
      assertEquals(await runText("bash", text, env), { stdout: "it's", stderr }, String(off));
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("sshCommand() makes a terminal that the guest does not know one that it knows", async () => {
  const known = ["xterm", "xterm-256color", "screen", "linux", "vt100", "dumb", ""];
  const unknown = [
    "no-such-terminal",
    "xterm-nobody",
    "-V",
    "/etc/passwd",
    "../x",
    "a b",
    "\n",
    "*",
  ];
  const hostile = ['"; echo no; "', "$(echo no >&2)", "`echo no >&2`", "x;echo no >&2", "é"];
  const maybe = ["xterm-kitty", "xterm-ghostty", "alacritty", "foot"];
  const show = `${KNOWN_TERMINAL}printf %s "$TERM"`;
  for (const shell of ["sh", "bash"]) {
    for (const TERM of [...known, ...unknown, ...hostile, ...maybe]) {
      // Some hosts know these.
      const { stdout: said } = await runText("sh", 'infocmp "$TERM" 2>/dev/null', { TERM });
      const isKnown = known.includes(TERM) || maybe.includes(TERM) && said !== "";
      const stdout = isKnown ? TERM : "xterm-256color";
      assertEquals(await runText(shell, show, { TERM }), { stdout, stderr: "" }, TERM);
    }
  }
});

Deno.test("sshCommand() gives a terminal, and a name for it, only where one is wanted", () => {
  const shell = sshCommand("/run/config", "exec bash -l", true);
  assertMatch(shell.at(-1) ?? "", /^case "\$TERM" .* exec bash -l$/);
  assertEquals(sshCommand("/run/config", "true", false).slice(-4), ["-T", "shared", "--", "true"]);
  assertEquals(shell.includes("-t"), true);
});
