import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { haveProgram } from "../base/host_testing.ts";
import { type CompletionCheckout, createCheckout, runShell } from "./completion_testing.ts";

const ignore = !haveProgram("zsh");
const where = ignore ? " (zsh is not here)" : "";

/**
 * The start-up file of a zsh that completes each line of the file `lines` by inserting all that
 * fits, writes the lines that this makes of them to the file `completed`, and lists what fits
 * the last one. Completion is part of the line editor, so this takes a real one.
 */
const ZSHRC = `
_insert_all() { _main_complete "$@"; compstate[insert]=all; compstate[list]= }
zle -C insert-all complete-word _insert_all
zle-line-init() {
  local line
  for line in "\${(@f)$(<$ZDOTDIR/lines)}"; do
    BUFFER=$line CURSOR=$#line
    zle insert-all
    print -r -- "$BUFFER" >>$ZDOTDIR/completed
  done
  BUFFER=$line CURSOR=$#line
  zle list-choices
  zle -R
  exit
}
zle -N zle-line-init
`;

/** Runs that zsh in a pseudo terminal, and passes on what it shows. */
const IN_TERMINAL = "zmodload zsh/zpty && zpty inner 'zsh -d -i' && " +
  "while zpty -r inner text; do print -rn -- $text; done";

/** What zsh makes of each of these command lines, and what its terminal shows. */
async function zshCompletes(
  { script }: CompletionCheckout,
  lines: readonly string[],
  cwd: string,
  before = "",
): Promise<{ completed: string[]; shown: string }> {
  const home = dirname(script);
  await Deno.writeTextFile(join(home, ".zshrc"), `${before}\nsource ${script}\n${ZSHRC}`);
  // zsh drops the line breaks at the end, and the last line may end in a space.
  await Deno.writeTextFile(join(home, "lines"), lines.join("\n"));
  await Deno.writeTextFile(join(home, "completed"), "");
  const { stdout, stderr } = await runShell(["zsh", "-f", "-c", IN_TERMINAL], {
    cwd,
    home,
    env: { ZDOTDIR: home },
  });
  assertEquals(stderr, "");
  const completed = await Deno.readTextFile(join(home, "completed"));
  return { completed: completed.split("\n").slice(0, -1), shown: stdout };
}

Deno.test({
  name: `the zsh script completes tasks, options, values and paths in a real zsh${where}`,
  ignore,
  async fn(t) {
    await using checkout = await createCheckout("zsh");
    const cases: [line: string, completed: string][] = [
      ["just ", "just build-vm vm-run vm-stop "],
      [`${Deno.execPath()} task b`, `${Deno.execPath()} task build-vm `],
      ["GUESTHOUSE_LOGS=/tmp deno task vm-s", "GUESTHOUSE_LOGS=/tmp deno task vm-stop "],
      ["command deno task vm-s", "command deno task vm-stop "],
      ["deno task build-vm debian-ar", "deno task build-vm debian-arm64 "],
      ['deno task build-vm "debian-ar', 'deno task build-vm "debian-arm64" '],
      ["deno task 'build-vm' debian-ar", "deno task 'build-vm' debian-arm64 "],
      ["deno task build-vm debian-arm64 ", "deno task build-vm debian-arm64 debian-amd64 "],
      ["deno task build-vm --j", "deno task build-vm --json "],
      ["deno task build-vm --accel k", "deno task build-vm --accel kvm "],
      ["deno task build-vm --accel=k", "deno task build-vm --accel=kvm "],
      [
        "deno task build-vm --accel=",
        "deno task build-vm --accel=auto --accel=kvm --accel=tcg ",
      ],
      ["deno task build-vm --project some", "deno task build-vm --project some\\ directory/"],
      ["deno task build-vm --project=some", "deno task build-vm --project=some\\ directory/"],
      ['deno task build-vm --project "some d', 'deno task build-vm --project "some directory/'],
      ["deno task build-vm --project=a=b/i", "deno task build-vm --project=a=b/inner/"],
      ["just vm-run some", "just vm-run some\\ directory some\\ file.txt "],
      ["deno task vm-run x -- b", "deno task vm-run x -- b"],
      ["just vm-stop ci", "just vm-stop ci-1 ci-2 "],
      ["deno task vm", "deno task vm-run vm-stop "],
    ];
    const { completed, shown } = await zshCompletes(
      checkout,
      cases.map(([line]) => line),
      checkout.dir,
    );
    for (const [index, [line, expected]] of cases.entries()) {
      await t.step(line, () => assertEquals(completed[index], expected, shown));
    }
    await t.step("a list shows the help", () => {
      assertStringIncludes(shown, "-- Run one command in a guest");
      assertStringIncludes(shown, "-- Stop a kept guest");
    });
  },
});

Deno.test({
  name: `the zsh script leaves other commands and places to the former completion${where}`,
  ignore,
  async fn() {
    await using checkout = await createCheckout("zsh");
    const { dir, script } = checkout;
    // The script is loaded twice, and must not become its own predecessor.
    const former = `autoload -Uz compinit; compinit -i
      _former() { compadd former }; compdef _former deno just; source ${script}`;
    const inside = ["deno run f", "deno f", "just vm-s"];
    assertEquals(
      (await zshCompletes(checkout, inside, dir, former)).completed,
      ["deno run former ", "deno former ", "just vm-stop "],
    );
    const outside = ["deno task f", "just f"];
    assertEquals(
      (await zshCompletes(checkout, outside, dirname(dir), former)).completed,
      ["deno task former ", "just former "],
    );
    assertEquals(
      (await zshCompletes(checkout, ["just vm-s"], join(dir, "some directory"))).completed,
      ["just vm-stop "],
    );
  },
});

Deno.test({
  name: `the zsh script runs the deno that was typed when none is on PATH${where}`,
  ignore,
  async fn() {
    await using checkout = await createCheckout("zsh");
    const { dir, script } = checkout;
    await Deno.symlink(Deno.execPath(), join(dirname(script), "deno"));
    const { completed, shown } = await zshCompletes(
      checkout,
      ["~/deno task vm-s"],
      dir,
      "path=(/usr/bin /bin)",
    );
    assertEquals(completed, ["~/deno task vm-stop "], shown);
  },
});
