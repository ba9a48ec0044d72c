import type { CommandContext } from "dax";
import { commandText } from "../text/command_text.ts";
import { TaskError } from "../errors.ts";
import { fullDiskError, saysFullDisk } from "../files/full_disk.ts";
import { run, type RunOptions, type RunResult } from "./run.ts";

interface CommandOptions extends RunOptions {
  /** What a status other than 0 prevents, as in `make the disk`; by default, to run the command. */
  readonly what?: string;
  /** What to do about a status other than 0. */
  readonly next?: string;
  /** See {@link Command.noThrow}. */
  readonly noThrow?: boolean;
}

/** A value in a template: one word, whatever is in it, or as many words as the list has. */
type Words = string | number | readonly (string | number)[];

/** Makes commands from templates; `$.with({ signal })` returns one with these options. */
interface Shell {
  (strings: TemplateStringsArray, ...values: readonly Words[]): Command;
  with(options: CommandOptions): Shell;
}

/**
 * A program and its words, written as in a shell. dax splits the text and quotes the values, so
 * that none of them is read by any shell; the program is started by {@link run}, below the
 * supervisor, and only if the task's permission set names it. It starts when it is awaited.
 *
 * One template is one program: what a shell would make more of (`|`, `>`, `*`, `$`, quotes, …)
 * throws a `SyntaxError`, and is an ordinary character within a value.
 *
 * @example
 * ```ts
 * import { $ } from "./dollar.ts";
 *
 * const more = ["a b", "$HOME"];
 * if (await $`printf ${"%s\n"} x ${more}`.text() !== "x\na b\n$HOME") throw new Error();
 * ```
 */
export const $: Shell = shellWith({});

function shellWith(options: CommandOptions): Shell {
  return Object.assign(
    (strings: TemplateStringsArray, ...values: readonly Words[]) =>
      new Command(fixedParts(strings), values, options),
    { with: (more: CommandOptions) => shellWith({ ...options, ...more }) },
  );
}

/** A command to be run each time that it is awaited. Its methods return another one, as dax's do. */
export class Command implements PromiseLike<RunResult> {
  readonly #strings: readonly string[];
  readonly #values: readonly Words[];
  readonly #options: CommandOptions;

  /** Only for {@link $}. */
  constructor(strings: readonly string[], values: readonly Words[], options: CommandOptions) {
    this.#strings = strings;
    this.#values = values;
    this.#options = options;
  }

  with(more: CommandOptions): Command {
    return new Command(this.#strings, this.#values, { ...this.#options, ...more });
  }

  cwd(cwd: string): Command {
    return this.with({ cwd });
  }

  env(env: Readonly<Record<string, string>>): Command {
    return this.with({ env: { ...this.#options.env, ...env } });
  }

  signal(signal: AbortSignal | undefined): Command {
    return this.with({ signal });
  }

  stdin(stdin: RunOptions["stdin"]): Command {
    return this.with({ stdin });
  }

  /** Names what the command is for, which the message of its failure opens with. */
  what(what: string, next?: string): Command {
    return this.with({ what, next });
  }

  /** Gives the status instead of throwing for one other than 0. */
  noThrow(): Command {
    return this.with({ noThrow: true });
  }

  /** What it prints, without the last newline. */
  async text(): Promise<string> {
    return (await this).stdout.replace(/\r?\n$/, "");
  }

  async lines(): Promise<string[]> {
    const text = await this.text();
    return text === "" ? [] : text.split(/\r?\n/);
  }

  async json(): Promise<unknown> {
    return JSON.parse((await this).stdout);
  }

  async code(): Promise<number> {
    return (await this.noThrow()).code;
  }

  /** Runs it. Throws what {@link run} does, and a {@link TaskError} for a status other than 0. */
  then<T = RunResult, F = never>(
    onDone?: ((result: RunResult) => T | PromiseLike<T>) | null,
    onError?: ((error: unknown) => F | PromiseLike<F>) | null,
  ): Promise<T | F> {
    return this.#start().then(onDone, onError);
  }

  async #start(): Promise<RunResult> {
    // Values alone are words already, thousands of them perhaps.
    if (this.#strings.join("").trim() === "" && !this.#strings.slice(1, -1).includes("")) {
      return await this.#run(this.#values.flat().map(String));
    }
    // Only now, as it takes 40 ms to load.
    const { build$, CommandBuilder } = await import("dax");
    let result: RunResult | undefined;
    const supervised = async ({ args }: CommandContext) => {
      result = await this.#run(args);
      return { code: 0 };
    };
    const builder = new CommandBuilder().registerCommand(HANDLER, supervised)
      // The program has streams, a directory and an environment of its own.
      .stdin("null").stdout("null").stderr("null").cwd("/").clearEnv();
    const [first = "", ...rest] = this.#strings;
    const strings = [`${HANDLER} ${first}`, ...rest];
    const values = this.#values.map((words) => typeof words === "object" ? [...words] : words);
    await build$({ commandBuilder: builder })(Object.assign(strings, { raw: strings }), ...values);
    if (result === undefined) throw new Error("dax has not run the command");
    return result;
  }

  async #run(words: readonly string[]): Promise<RunResult> {
    const { what = `run "${commandText(words)}"`, next, noThrow, ...options } = this.#options;
    const result = await run(words, options);
    if (result.code === 0 || noThrow) return result;
    const tail = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-12);
    const said = tail.find(saysFullDisk);
    if (said !== undefined) throw await fullDiskError(what, { said });
    throw new TaskError(1, `Cannot ${what}: ${words[0]} exited with status ${result.code}`, {
      details: tail,
      next,
    });
  }
}

/** What dax starts in place of the program, whose name is the first of its words. */
const HANDLER = "supervised";

/** What is more than a part of a word to a shell. A value between quotes would end them. */
const SYNTAX = /[|&;<>()$`*?[\]{}~\\#!"']/;

/** The fixed parts of a template, on one line. Throws for what would be more than words. */
function fixedParts({ raw }: TemplateStringsArray): string[] {
  const found = raw.join("").match(SYNTAX)?.[0];
  if (found !== undefined) {
    throw new SyntaxError(
      `Cannot run a template with ${found}: put it into a value, \${"${found}"}`,
    );
  }
  return raw.map((part) => part.replaceAll(/\s+/g, " "));
}
