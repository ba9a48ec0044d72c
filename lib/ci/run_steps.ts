import { LineBuffer } from "../base/text/line_buffer.ts";
import { shorten } from "../base/text/plain_text.ts";
import type { Step } from "../project/plan_steps.ts";
import type { LogFiles } from "../base/files/log_files.ts";

/** Where steps run: the host, or a guest. */
interface StepRunner {
  /** Runs a command to its end. Throws if it could not be run, or took too long. */
  exec(command: readonly string[], options: {
    readonly cwd: string;
    readonly onOutput: (text: string) => void;
    /** The same output. */
    readonly onBytes: (piece: Uint8Array) => void;
    readonly timeoutMs: number;
  }): Promise<{ readonly code: number }>;
  haveFile(path: string): Promise<boolean>;
}

/** How {@link runSteps} runs. */
interface RunStepsOptions {
  readonly log: LogFiles;
  /** A step may take this long. */
  readonly stepMs: number;
  /** Called as each step begins. */
  readonly onStep: (name: string) => void;
  /** Called after each step that has passed. */
  readonly afterStep?: ((step: Step) => Promise<void>) | undefined;
  /** Called with the lines of the steps' output, as plain text. The log gets it unchanged. */
  readonly onLines: (lines: readonly string[]) => void;
}

/** The step at which a build stopped. */
export interface FailedStep {
  readonly name: string;
  readonly command: readonly string[];
  readonly code: number;
  /** The last lines that it printed. */
  readonly tail: readonly string[];
}

const NEWLINE = "\n".charCodeAt(0);
/** Lines of a failed step's output that the summary shows. */
const TAIL_LINES = 20;
/** How much of each line. */
const TAIL_LINE_CHARS = 1000;

/** Runs steps in order up to the first that fails, which it returns. */
export async function runSteps(
  steps: readonly Step[],
  runner: StepRunner,
  options: RunStepsOptions,
): Promise<FailedStep | undefined> {
  options.log.write("== the output of the steps follows unchanged, control characters included\n");
  for (const step of steps) {
    if (step.onlyIfFile !== undefined && !await runner.haveFile(step.onlyIfFile)) {
      options.log.write(`== ${step.name}: left out, there is no ${step.onlyIfFile}\n`);
      continue;
    }
    const { moreIfFile: more } = step;
    const words = more !== undefined && await runner.haveFile(more.path) ? more.words : [];
    const command = [...step.command, ...words];
    options.onStep(step.name);
    options.log.write(`== ${step.name}: ${JSON.stringify(command)}\n`);
    const started = performance.now();
    const buffer = new LineBuffer();
    let tail: string[] = [];
    /** Whether the log's last line has no end. */
    let isOpen = false;
    const take = (lines: readonly string[]) => {
      if (lines.length === 0) return;
      const telling = lines.slice(-TAIL_LINES).filter((line) => line.trim() !== "");
      tail = [...tail, ...telling].slice(-TAIL_LINES);
      options.onLines(lines);
    };
    const { code } = await runner.exec(command, {
      cwd: step.cwd,
      timeoutMs: options.stepMs,
      onOutput: (text) => take(buffer.push(text)),
      onBytes: (piece) => {
        options.log.output(piece);
        isOpen = piece.at(-1) !== NEWLINE;
      },
    });
    take(buffer.flush());
    if (isOpen) options.log.write("\n");
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    options.log.write(`== ${step.name}: status ${code} after ${seconds} s\n`);
    if (code !== 0) {
      const lines = tail.map((line) => shorten(line, TAIL_LINE_CHARS));
      return { name: step.name, command, code, tail: lines };
    }
    await options.afterStep?.(step);
  }
  return undefined;
}
