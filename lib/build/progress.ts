import type { TaskContext } from "../cli/context.ts";
import { LiveTable } from "../cli/live_table.ts";
import type { Progress } from "./options.ts";

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
