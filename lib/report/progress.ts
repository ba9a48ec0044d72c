import type { TaskContext } from "../cli/context.ts";
import { LiveTable } from "../base/terminal/live_table.ts";

/** Shows the progress: a live table, or plain output. */
export interface Progress {
  phase(name: string, phase: string): void;
  /** Lines that a step printed, as plain text. */
  lines(name: string, lines: readonly string[]): void;
  /** Something was done in another way than requested or expected. */
  warning(text: string): void;
}

/** For one build: phases as log lines, and the steps' output line by line. */
export function plainProgress(ctx: TaskContext): Progress {
  return {
    phase: (name, phase) => ctx.log.step(`${name}: ${phase}`),
    lines: (_name, lines) => {
      if (!ctx.quiet) ctx.print(lines.join("\n"));
    },
    warning: (text) => ctx.log.warn(text),
  };
}

/** For several builds at once: a table with a row for each. */
export function tableProgress(table: LiveTable, warning: (text: string) => void): Progress {
  return {
    phase: (name, phase) => table.phase(name, phase),
    lines: (name, lines) => {
      const line = lines.findLast((text) => text.trim() !== "");
      if (line !== undefined) table.line(name, line);
    },
    warning,
  };
}
