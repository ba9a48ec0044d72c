import type { Patience, SerialConsole, TypeHow } from "./serial_console.ts";

/** Something that a console may show during a {@link SerialStep}, and what then happens. */
export type Expected =
  & (
    /** A line that has ended. */
    | { readonly line: RegExp }
    /** A line, ended or not, which may still change; it counts once. */
    | { readonly text: RegExp }
    /** A line that has not: the cursor stands after it, and nothing more comes. */
    | {
      readonly prompt: RegExp;
      /** The line before it, without empty ones: what a prompt has above it. */
      readonly after?: RegExp;
    }
  )
  & (
    /** It is typed, and the step goes on; several are typed in turn, one for each time. */
    | {
      readonly answer: string | readonly string[];
      /** A key instead of a line: Enter is not typed. Default false. */
      readonly key?: boolean;
      /** Whether the transcript hides it. */
      readonly secret?: boolean;
      /** Why the prompt came again when all was answered. */
      readonly refused: string;
    }
    /** It ends the step. Where the step has answers, only after one of them. */
    | { readonly done: true }
    /** It is why the step cannot be done. */
    | { readonly fault: string }
  );

/** One part of a conversation on a serial console. */
export interface SerialStep extends Patience {
  /** Follows "Cannot": `log in as root`. */
  readonly what: string;
  /** What may come; the first one that matches counts. */
  readonly expect: readonly Expected[];
  /** What is expected, for people: `prompt of root's shell`. */
  readonly wanted: string;
  /**
   * An empty line is typed from time to time once a line like this was seen, as a message of the
   * kernel may have pushed a prompt away. Before it, a key could stop a boot loader.
   */
  readonly nudgeAfter?: RegExp;
  /** How long a prompt must stand still, in milliseconds. Default 500. */
  readonly settleMs?: number;
}

const SETTLE_MS = 500;
/** After this much silence a prompt may have been pushed away. */
const NUDGE_MS = 10_000;

/**
 * Holds one step of a conversation. What a program prints is not taken for a prompt: that is where
 * the cursor stands still, below the line that belongs above it, and each is answered as often as
 * the step says. Throws `GuestError` with what was expected and the console's last lines.
 */
export async function converse(console: SerialConsole, step: SerialStep): Promise<void> {
  const { what, expect, wanted, nudgeAfter, settleMs = SETTLE_MS } = step;
  const answered = new Map<Expected, number>();
  const mustAnswer = expect.some((expected) => "answer" in expected);
  let above = "";
  let mayNudge = false;
  let typedAt = -Infinity;
  const type = async (text: string, how: TypeHow = {}) => {
    typedAt = performance.now();
    await console.type(text, how);
  };

  /** Acts on what has come; true at the end of the step. */
  const meet = async (expected: Expected): Promise<true | undefined> => {
    if ("fault" in expected) throw console.fault(what, expected.fault);
    if ("done" in expected) return !mustAnswer || answered.size > 0 ? true : undefined;
    const times = answered.get(expected) ?? 0;
    const answer = [expected.answer].flat()[times];
    if (answer === undefined) throw console.fault(what, expected.refused);
    answered.set(expected, times + 1);
    await type(answer, expected);
  };

  /** What was answered may still stand there. */
  const isText = (expected: Expected, line: string) =>
    "text" in expected && !answered.has(expected) && expected.text.test(line);

  await console.wait(what, { ...step, wanted }, async ({ lines, unfinished, quietMs }) => {
    for (const line of lines) {
      mayNudge ||= nudgeAfter?.test(line) ?? false;
      const found = expect.find((one) => "line" in one && one.line.test(line) || isText(one, line));
      if (found !== undefined && await meet(found)) return true;
      if (line.trim() !== "") above = line;
    }
    const text = expect.find((one) => isText(one, unfinished));
    if (text !== undefined && await meet(text)) return true;
    const sinceTypedMs = performance.now() - typedAt;
    // Until its echo comes, the prompt that was answered still stands there.
    if (quietMs > settleMs && quietMs < sinceTypedMs) {
      const found = expect.find((one) =>
        "prompt" in one && one.prompt.test(unfinished) && (one.after?.test(above) ?? true)
      );
      if (found !== undefined) return await meet(found);
    }
    if (mayNudge && Math.min(quietMs, sinceTypedMs) > NUDGE_MS) await type("");
  });
}
