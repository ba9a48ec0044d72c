import { assertEquals, assertStringIncludes } from "@std/assert";
import { confirm } from "./prompt.ts";
import { runSample, SAMPLE } from "./testdata/run_sample.ts";
import { haveTerminal, type KeyPress, runInTerminal } from "../base/terminal/testdata/terminal.ts";

const QUESTION = "Install qemu-system-x86? ";

function ask(keys: KeyPress[], onOutput?: (output: string) => void) {
  const command = [
    // Colours would stand between the question and what follows it.
    ...["env", "NO_COLOR=1"],
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    SAMPLE,
    "confirm",
    "--verbose",
  ];
  return runInTerminal(command, { keys, ...onOutput === undefined ? {} : { onOutput } });
}

Deno.test("confirm() does not ask with --yes, or without a terminal", async () => {
  const { signal } = new AbortController();
  assertEquals(await confirm("Sure?", { yes: true, interactive: true, signal }), true);
  assertEquals(await confirm("Sure?", { yes: false, interactive: false, signal }), false);
  assertEquals((await runSample("confirm")).stdout, "answer false\n");
  assertEquals((await runSample("confirm", "--yes")).stdout, "answer true\n");
});

Deno.test({
  name: "confirm() takes y, n, and return alone for yes",
  ignore: !haveTerminal,
  async fn() {
    const cases: [keys: KeyPress[], answer: boolean][] = [
      [[{ after: QUESTION, key: "\r" }], true],
      [[{ after: QUESTION, key: "y" }, { after: "Y", key: "\r" }], true],
      [[{ after: QUESTION, key: "n" }, { after: "N", key: "\r" }], false],
    ];
    for (const [keys, answer] of cases) {
      const { code, output } = await ask(keys);
      assertStringIncludes(output, `answer ${answer}\r\n`);
      assertEquals(code, 0);
    }
  },
});

Deno.test({
  name: "confirm() answered with Ctrl-C interrupts the task",
  ignore: !haveTerminal,
  async fn() {
    const { code, output } = await ask([{ after: QUESTION, key: "\x03" }]);
    assertStringIncludes(output, 'Interrupted at the question "Install qemu-system-x86?"');
    assertEquals(code, 130);
  },
});

Deno.test({
  name: "confirm() ends the task when a signal arrives instead of an answer",
  ignore: !haveTerminal,
  async fn() {
    let pid: number | undefined;
    const { code, output } = await ask([], (soFar) => {
      const found = /pid (\d+)[^]*\(Y\/n\)/.exec(soFar);
      if (pid !== undefined || found === null) return;
      pid = Number(found[1]);
      Deno.kill(pid, "SIGTERM");
    });
    assertStringIncludes(output, "Interrupted by SIGTERM");
    assertEquals(code, 130);
  },
});
