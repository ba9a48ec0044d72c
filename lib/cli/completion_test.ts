import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { haveProgram } from "../base/host_testing.ts";
import { completionScript, SHELLS } from "./completion.ts";
import { createCheckout, runShell } from "./completion_testing.ts";

async function runBash(code: string, cwd: string, home: string): Promise<string> {
  const { stdout, stderr } = await runShell(["bash", "--norc", "--noprofile", "-c", code], {
    cwd,
    home,
  });
  assertEquals(stderr, "");
  return stdout;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** What bash offers for words as readline splits them; the last one is being typed. */
async function bashOffers(
  { script, words, cwd, before = "" }: {
    script: string;
    words: string[];
    cwd: string;
    before?: string;
  },
): Promise<string[]> {
  const output = await runBash(
    `${before}
     source ${quoted(script)}
     COMP_WORDS=(${words.map(quoted).join(" ")}); COMP_CWORD=${words.length - 1}
     _guesthouse ${quoted(words[0]!)} ${quoted(words.at(-1)!)} ${quoted(words.at(-2) ?? "")}
     for offer in "\${COMPREPLY[@]}"; do printf '%s\\n' "$offer"; done`,
    cwd,
    dirname(script),
  );
  return output.split("\n").slice(0, -1);
}

Deno.test("the bash script completes tasks, options, values and paths in a real bash", async (t) => {
  await using checkout = await createCheckout("bash");
  const { dir: cwd, script } = checkout;
  const cases: [words: string[], offers: string[]][] = [
    [["deno", "task", "vm"], ["vm-run", "vm-stop"]],
    [["just", ""], ["build-vm", "vm-run", "vm-stop"]],
    [[`${Deno.execPath()}`, "task", "b"], ["build-vm"]],
    [["deno", "task", "build-vm", "debian-ar"], ["debian-arm64"]],
    [["deno", "task", "build-vm", "--j"], ["--json"]],
    [["deno", "task", "build-vm", "--accel", "k"], ["kvm"]],
    // readline splits at the equals sign, and replaces only what is behind it.
    [["deno", "task", "build-vm", "--accel", "=", "k"], ["kvm"]],
    [["deno", "task", "build-vm", "--accel", "="], ["auto", "kvm", "tcg"]],
    [["deno", "task", "build-vm", "--accel", "=", "kvm", "debian-a"], [
      "debian-amd64",
      "debian-arm64",
    ]],
    [["deno", "task", "build-vm", "--project", "some"], ["some directory"]],
    [["deno", "task", "build-vm", "--project", "=", "some"], ["some directory"]],
    [["just", "vm-run", "some"], ["some directory", "some file.txt"]],
    [["deno", "task", "vm-run", "x", "--", "b"], []],
    [["just", "vm-stop", "ci"], ["ci-1", "ci-2"]],
  ];
  for (const [words, offers] of cases) {
    await t.step(words.join(" "), async () => {
      assertEquals((await bashOffers({ script, words, cwd })).sort(), offers);
    });
  }
});

Deno.test("the bash script leaves other commands and places to the former completion", async () => {
  await using checkout = await createCheckout("bash");
  const { dir, script } = checkout;
  const before = `_former() { COMPREPLY=("former $1 $2"); }; complete -F _former deno just`;
  const cases: [words: string[], cwd: string, offers: string[]][] = [
    [["deno", "run", "x"], dir, ["former deno x"]],
    [["deno", "ta"], dir, ["former deno ta"]],
    [["deno", "task", "v"], dirname(dir), ["former deno v"]],
    [["just", "v"], dirname(dir), ["former just v"]],
    [["just", "vm-s"], join(dir, "some directory"), ["vm-stop"]],
  ];
  for (const [words, cwd, offers] of cases) {
    assertEquals(await bashOffers({ script, words, cwd, before }), offers, words.join(" "));
  }
  assertEquals(await bashOffers({ script, words: ["just", "v"], cwd: dirname(dir) }), []);
});

Deno.test("the bash script can be loaded twice", async () => {
  await using checkout = await createCheckout("bash");
  const { dir: cwd, script } = checkout;
  const before = `_former() { COMPREPLY=(former); }; complete -F _former deno
    source ${quoted(script)}`;
  assertEquals(await bashOffers({ script, words: ["deno", "run", ""], cwd, before }), ["former"]);
});

for (const shell of SHELLS) {
  const ignore = !haveProgram(shell);
  const title = `the ${shell} script has no syntax error${ignore ? ` (${shell} is not here)` : ""}`;
  Deno.test({
    name: title,
    ignore,
    async fn() {
      const file = await Deno.makeTempFile();
      try {
        await Deno.writeTextFile(file, await completionScript(shell, "/a 'b' \\c"));
        assertEquals((await $`${shell} -n ${file}`).stderr, "");
      } finally {
        await Deno.remove(file);
      }
    },
  });
}

Deno.test("completionScript() quotes the checkout's path for each shell", async () => {
  const path = "/home/o'neil/$& \\x";
  assertStringIncludes(
    await completionScript("bash", path),
    `_guesthouse_root='/home/o'\\''neil/$& \\x'\n`,
  );
  assertStringIncludes(
    await completionScript("zsh", path),
    `_guesthouse_root='/home/o'\\''neil/$& \\x'\n`,
  );
  assertStringIncludes(
    await completionScript("fish", path),
    `__guesthouse_root '/home/o\\'neil/$& \\\\x'\n`,
  );
});
