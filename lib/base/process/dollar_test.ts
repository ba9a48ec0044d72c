import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { formatError, HostError, InterruptedError, TaskError } from "../errors.ts";
import { sandbox } from "../host_testing.ts";
import {
  living,
  pidsIn,
  stubbornTree,
  SUPERVISOR,
  testdata,
  watch,
  within,
} from "./process_testing.ts";
import { $ } from "./dollar.ts";

/** The words that the command gets as `printf` sees them. */
const seen = async (text: Promise<string>) => (await text).split("\0").slice(0, -1);

Deno.test("$ splits the template, and takes each value as one word, a list as many", async () => {
  const [format, two, none] = ["%s\\0", "two words", [] as string[]];
  const words = $`printf ${format} a  --size=${10}M if=${two},x ${none} ${["b", "$HOME"]}
    ${""} end`;
  assertEquals(
    await seen(words.text()),
    ["a", "--size=10M", "if=two words,x", "b", "$HOME", "", "end"],
  );
});

Deno.test("$ passes any value unchanged, without a shell", async () => {
  const words = [
    ...["", "$(id)", "`id`", "*", "'\"\\", "a\nb", "--", "-n", "~", ";", "| id", "> x", "{a,b}"],
    ...["a=b", "!", "#", "\t", "\r\n", "''", "$HOME", "<", "&1", "\\", "grüße", "\u{1f600}"],
    ...fc.sample(fc.string({ unit: "grapheme" }), 300).map((text) => text.replaceAll("\0", "")),
    ...fc.sample(fc.string({ unit: fc.constantFrom(..."'\"\\$`|&;<>(){} \n*?~#!=a") }), 300),
  ];
  assertEquals(await seen($`printf ${"%s\\0"} ${words}`.text()), words);
});

Deno.test("$ takes values alone as the words, as long as something is between them", async () => {
  const words = Array.from({ length: 20_000 }, (_, index) => `w ${index}`);
  assertEquals(await seen($`${"printf"} ${["%s\\0"]} ${words} `.text()), words);
  assertEquals(await seen($`${"prin"}${"tf"} ${"%s\\0"} ${"a"}${"b"}`.text()), ["ab"]);
});

Deno.test("$ refuses shell syntax beyond one program and its words", () => {
  const templates = [
    ...[() => $`true | sh`, () => $`true; sh`, () => $`true & sh`, () => $`true > ${"file"}`],
    ...[() => $`cat < ${"file"}`, () => $`echo $(id)`, () => $`echo $HOME`, () => $`ls *.ts`],
    ...[() => $`echo "${"x"}"`, () => $`echo 'a b'`, () => $`echo \\n`, () => $`ls ~`],
    ...[() => $`echo {a,b}`, () => $`! true`, () => $`true # no`],
  ];
  for (const template of templates) {
    assertThrows(template, SyntaxError, "Cannot run a template with ");
  }
  assertThrows(() => $`echo a|b`, SyntaxError, 'put it into a value, ${"|"}');
});

Deno.test("$ says what a failure prevents, with the end of stderr and the next step", async () => {
  const lines = Array.from({ length: 14 }, (_, index) => `line ${index + 1}`);
  const script = 'echo ignored; printf "%s\\n" "$@" >&2; exit 5';
  const failing = $.with({ next: "read the log" })`sh -c ${script} sh ${lines}`;
  const error = await assertRejects(() => failing.what("make the disk", "look").text(), TaskError);
  assertEquals(error.exit, 1);
  assertEquals(
    formatError(error),
    [
      "Cannot make the disk: sh exited with status 5",
      ...lines.slice(2).map((line) => `  ${line}`),
      "  next: look",
    ].join("\n"),
  );
  assertEquals(await failing.code(), 5);
  const { code, stdout } = await failing.noThrow();
  assertEquals([code, stdout], [5, "ignored\n"]);
});

Deno.test("$ names the command if no purpose was given, and shows stdout if stderr is empty", async () => {
  const error = await assertRejects(() => $`sh -c ${"echo why; exit 1"}`.text(), TaskError);
  assertEquals(
    formatError(error),
    `Cannot run "sh -c 'echo why; exit 1'": sh exited with status 1\n  why`,
  );
});

Deno.test("$ says that a program is missing, and what to do", async () => {
  const error = await assertRejects(() => $`no-such-program ${"x"}`.text(), HostError);
  assertEquals(error.message, 'Cannot run "no-such-program": it is not installed');
});

Deno.test("$ gives text, lines, JSON and the status", async () => {
  assertEquals(await $`printf ${"a\n\nb\n\n"}`.text(), "a\n\nb\n");
  assertEquals(await $`printf ${"a\n\nb\r\n"}`.lines(), ["a", "", "b"]);
  assertEquals(await $`true`.lines(), []);
  assertEquals(await $`printf ${'{"a":[1]}'}`.json(), { a: [1] });
  assertEquals(await $`false`.code(), 1);
});

Deno.test("$ takes a directory, variables and input, without the task's environment", async () => {
  await using box = await sandbox({ TEST_INHERITED: "from the task" });
  const script = 'pwd; echo "$TEST_INHERITED, $TEST_ADDED"; cat';
  const command = $`sh -c ${script}`.cwd(box.path).env({ TEST_ADDED: "added" });
  const dir = await Deno.realPath(box.path);
  assertEquals(await command.stdin("in").text(), `${dir}\n, added\nin`);
  // The one that it was made from is as it was.
  assertEquals(await command.text(), `${dir}\n, added`);
});

Deno.test("$ throws the signal's reason and leaves no process", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  const interrupt = new AbortController();
  const quick = $.with({ signal: interrupt.signal, graceMs: 100 });
  const running = quick`${stubbornTree(pidFile)}`.text();
  const pids = await pidsIn(pidFile, 2);
  await using _tree = await watch(pids);
  interrupt.abort(new InterruptedError("Interrupted by SIGINT"));
  await assertRejects(() => within(running), InterruptedError, "Interrupted by SIGINT");
  assertEquals(await living(pids), []);
});

Deno.test("$ refuses a program outside the permission set, whose name dax knows or not", async () => {
  const outcome = async (...words: string[]) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-env=PATH"],
        ...[`--allow-run=${SUPERVISOR},uname`, testdata("run_template.ts"), ...words],
      ],
    }).output();
    return new TextDecoder().decode(stdout).trimEnd();
  };
  const [allowed, refused, builtIn] = await Promise.all([
    outcome("uname"),
    outcome("date"),
    // To dax itself these are its own commands.
    outcome("rm", "-rf", "/no/such"),
  ]);
  assertEquals(allowed, Deno.build.os === "darwin" ? "Darwin" : "Linux");
  assertEquals(
    refused,
    `NotCapable: Requires run access to "date", run again with the --allow-run flag`,
  );
  assertEquals(
    builtIn,
    `NotCapable: Requires run access to "rm", run again with the --allow-run flag`,
  );
});
