import type { TaskContext } from "./context.ts";
import { InterruptedError } from "../base/errors.ts";
import { plainText } from "../base/text/plain_text.ts";

/** What a question needs from the task that asks it. */
type Asker = Pick<TaskContext, "yes" | "interactive" | "signal">;

/**
 * Asks a yes-or-no question; Return means yes. True at once with `--yes`, false without a terminal.
 *
 * @throws {InterruptedError} when the user answers with Ctrl-C, or a signal arrives
 */
export async function confirm(question: string, ctx: Asker): Promise<boolean> {
  if (ctx.yes) return true;
  if (!ctx.interactive) return false;
  const { default: $ } = await import("dax");
  const { signal } = ctx;
  const answer = await $.maybeConfirm(plainText(question), {
    default: true,
    signal,
    noClear: true,
  });
  if (answer !== undefined) return answer;
  throw await interruptionOf(signal, question);
}

/** Asks for a line on the terminal, which must exist. Throws InterruptedError on a signal. */
export async function ask(question: string, { signal }: Pick<Asker, "signal">): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const { stdin, stderr } = await import("node:process");
  // The terminal itself edits the line.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    return await Promise.race([lines.question(`${plainText(question)} `, { signal }), ended]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    lines.close();
    stdin.destroy();
  }
}

/** Why there was no answer. */
async function interruptionOf(signal: AbortSignal, question: string): Promise<unknown> {
  if (!signal.aborted) return new InterruptedError(`Interrupted at the question "${question}"`);
  // The question is gone, but its pending read would keep the process alive (dax 0.49).
  const { stdin } = await import("node:process");
  stdin.destroy();
  return signal.reason;
}
