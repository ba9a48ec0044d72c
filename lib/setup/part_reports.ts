import type { TaskContext } from "../cli/context.ts";
import type { PartResult } from "../image/parts/build_parts.ts";
import type { LiveTable } from "../base/terminal/live_table.ts";
import type { BuildOptions } from "../store/ensure_built.ts";

type PartReporter = Omit<BuildOptions, "signal">;

/** One live table for all parts of a run, if any is built, and a log for each. */
export class PartReports implements Disposable {
  readonly #ctx: TaskContext;
  /** Parts whose row has not ended. */
  readonly #open: Set<string>;
  readonly #titles: readonly string[];
  #table: LiveTable | undefined;

  constructor(ctx: TaskContext, titles: readonly string[]) {
    this.#ctx = ctx;
    this.#titles = titles;
    this.#open = new Set(titles);
  }

  /** Runs a build that reports to the part's row and to `logs/part-TITLE.log`. */
  async reporting<T>(title: string, build: (reporter: PartReporter) => Promise<T>): Promise<T> {
    const { startLogs } = await import("../base/files/log_files.ts");
    const table = await this.#start();
    await using log = await startLogs(`part-${title.replaceAll(" ", "-")}`);
    try {
      return await build({
        onPhase(phase) {
          log.write(`== ${phase}\n`);
          table.phase(title, phase);
        },
        log(line) {
          log.output(`${line}\n`);
          table.line(title, line);
        },
      });
    } catch (error) {
      this.#open.delete(title);
      const [verdict, note] = this.#ctx.signal.aborted
        ? ["interrupted", ""] as const
        : ["error", `see ${log.build}`] as const;
      table.finish(title, verdict, note);
      throw error;
    }
  }

  finish({ title, built }: PartResult): void {
    this.#open.delete(title);
    this.#table?.finish(title, "pass", built ? "built" : "up to date");
  }

  [Symbol.dispose](): void {
    for (const title of this.#open) this.#table?.finish(title, "skip", "not begun");
    this.#table?.[Symbol.dispose]();
  }

  async #start(): Promise<LiveTable> {
    const { LiveTable } = await import("../base/terminal/live_table.ts");
    const { tableOptions } = await import("./set_up.ts");
    if (this.#table !== undefined) return this.#table;
    this.#table = new LiveTable(this.#titles, tableOptions(this.#ctx));
    for (const title of this.#titles) {
      if (!this.#open.has(title)) this.#table.finish(title, "pass", "up to date");
    }
    return this.#table;
  }
}
