/** Runs a program in a real pseudo-terminal, and reads what a person would see there. */

/** A key press, sent once this text is on the terminal. */
export interface KeyPress {
  readonly after: string;
  readonly key: string;
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly keys?: readonly KeyPress[];
  /** Called with all output so far, each time that there is more. */
  readonly onOutput?: (output: string) => void;
}

/** Whether a terminal can be had: util-linux's `script` makes one. */
export const haveTerminal = Deno.build.os === "linux";

/** Runs a command with all its streams on a terminal; its output as it came, and its status. */
export async function runInTerminal(
  command: readonly string[],
  { columns = 80, rows = 24, keys = [], onOutput }: TerminalOptions = {},
): Promise<{ code: number; output: string }> {
  const words = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["-qefc", `stty cols ${columns} rows ${rows}; exec ${words}`, "/dev/null"],
    env: { SHELL: "/bin/sh", TERM: "xterm" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const keyboard = child.stdin.getWriter();
  const pending = [...keys];
  let output = "";
  let seen = 0;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    onOutput?.(output);
    const next = pending[0];
    if (next !== undefined && output.indexOf(next.after, seen) !== -1) {
      seen = output.length;
      pending.shift();
      await keyboard.write(new TextEncoder().encode(next.key));
    }
  }
  await keyboard.close().catch(() => {}); // closed by the end of the program
  return { code: (await child.status).code, output };
}

/** The lines that a terminal shows after this output, without colours; and the cursor. */
export function screenAfter(output: string): { lines: string[]; cursorHidden: boolean } {
  const lines = [""];
  let row = 0;
  let column = 0;
  let cursorHidden = false;
  // deno-lint-ignore no-control-regex -- escape sequences start with a control character
  for (const [part, count, kind] of output.matchAll(/\x1b\[\??(\d*)(?:;\d+)*([A-Za-z])|[^]/g)) {
    if (part === "\n") {
      lines[++row] ??= "";
    } else if (part === "\r") {
      column = 0;
    } else if (kind === "A") {
      row -= Number(count);
    } else if (kind === "J") {
      lines.length = row + 1;
      lines[row] = lines[row]!.slice(0, column);
    } else if (part.startsWith("\x1b[?25")) {
      cursorHidden = kind === "l";
    } else if (kind === undefined) {
      lines[row] = lines[row]!.slice(0, column).padEnd(column) + part +
        lines[row]!.slice(column + 1);
      column++;
    }
  }
  return { lines, cursorHidden };
}
