import { assert, assertEquals } from "@std/assert";
import { charactersRead } from "../base/text/testdata/characters_read.ts";
import { readBytes } from "../project/path_bytes.ts";
import type { LogFiles } from "../base/files/log_files.ts";
import { type FailedStep, runSteps } from "./run_steps.ts";

type Listeners = Pick<
  Parameters<Parameters<typeof runSteps>[1]["exec"]>[1],
  "onOutput" | "onBytes"
>;

/** What became of a step that printed these pieces and ended with this status. */
async function outcomeOf(pieces: readonly string[], code = 3) {
  const logged: string[] = [];
  const lines: string[] = [];
  const step = { name: "build", command: ["make"], cwd: "/" };
  const runner = {
    // Everything at once, so that its cost can be measured.
    exec(_command: readonly string[], { onOutput, onBytes }: Listeners) {
      for (const piece of pieces) {
        // Characters up to U+00FF are bytes.
        onBytes(Uint8Array.from(piece, (character) => character.charCodeAt(0)));
        onOutput(piece);
      }
      return Promise.resolve({ code });
    },
    haveFile: () => Promise.resolve(false),
  };
  const failed: FailedStep | undefined = await runSteps([step], runner, {
    log: {
      write: (text) => void logged.push(text),
      output: (piece) => void logged.push(readBytes(piece as Uint8Array)),
    } as LogFiles,
    stepMs: 1000,
    onStep: () => {},
    onLines: (found) => found.forEach((line) => lines.push(line)),
  });
  return { log: logged.join(""), lines, tail: failed?.tail };
}

Deno.test("runSteps() logs the raw output of a step, and shows it elsewhere as plain lines", async () => {
  const { log, lines, tail } = await outcomeOf(["one\n\x1b]52;c;", "cm0=\x07two\nlast"]);
  assert(log.includes("control characters included\n"), log);
  assert(log.includes("one\n\x1b]52;c;cm0=\x07two\nlast\n== build: status 3"), log);
  assertEquals(lines, ["one", "two", "last"]);
  assertEquals(tail, ["one", "two", "last"]);
});

Deno.test("runSteps() logs bytes that are no text, and ends the last line even of what shows nothing", async () => {
  const { log, lines } = await outcomeOf(["caf\xe9 \0\n\x1b[0m"]);
  assert(log.includes("caf\xe9 \0\n\x1b[0m\n== build: status 3"), log);
  assertEquals(lines[0], "caf\xe9");
});

Deno.test("runSteps() shows the last lines of a step that printed a progress bar of 5 MB", async () => {
  const bar = "progress 10 of 100\r".repeat(50_000);
  const { tail = [] } = await outcomeOf([bar.repeat(5), "\nthe real error\n"]);
  assertEquals(tail.length, 20);
  assertEquals(tail.slice(-2), ["progress 10 of 100", "the real error"]);
});

Deno.test("runSteps() cuts a long line where it is shown in an error, and not in the log", async () => {
  const { tail = [], log } = await outcomeOf(["x".repeat(100_000)]);
  assertEquals(tail.length, 1);
  assert(tail[0]!.length < 1100, `${tail[0]!.length} characters`);
  assert(log.includes("x".repeat(100_000)));
});

Deno.test("runSteps() reads output without line ends no more often than the same in lines", async () => {
  const cost = async (piece: string) => {
    const pieces = Array<string>(512).fill(piece);
    let result: Promise<unknown> | undefined;
    const read = charactersRead(() => result = outcomeOf(pieces, 0));
    await result;
    return read;
  };
  const inLines = await cost(`${"x".repeat(63)}\n`.repeat(1024));
  const inOneLine = await cost("x".repeat(64 * 1024));
  assert(inLines > 0 && inOneLine <= inLines, `${inOneLine} against ${inLines} characters`);
});
