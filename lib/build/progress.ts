import type { TaskContext } from "../cli/context.ts";
import { LiveTable } from "../cli/live_table.ts";
import { writeStderr } from "../cli/screen.ts";
import { writeStdout } from "../cli/output.ts";
import type { Progress } from "./options.ts";

/** For one build: phases as log lines, and the steps' output as it comes. */
export function plainProgress(ctx: TaskContext): Progress {
  return {
    phase: (name, phase) => ctx.log.step(`${name}: ${phase}`),
    output: (_name, text) => {
      if (ctx.quiet) return;
      if (ctx.json) writeStderr(text);
      else writeStdout(text);
    },
    warning: (text) => ctx.log.warn(text),
  };
}

/** For several builds at once: a table with a row for each. */
export function tableProgress(table: LiveTable, warning: (text: string) => void): Progress {
  return {
    phase: (name, phase) => table.phase(name, phase),
    output: (name, text) => {
      const line = text.trimEnd().split("\n").at(-1);
      if (line !== undefined) table.line(name, line);
    },
    warning,
  };
}
