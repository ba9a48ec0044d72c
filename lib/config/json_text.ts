/** Where a text stops being JSON, and why. */
export interface JsonFault {
  /** UTF-16 code units from the start. */
  readonly offset: number;
  /** What was wanted there: `a value`, `"," or "}"`. */
  readonly wanted: string;
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/yu;
/** The longest beginning of a string that is still right, to show where it goes wrong. */
const STRING_START = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/yu;
const PLAIN_VALUE = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** A config this deep is damage, or an attack on the stack. */
const DEEPEST = 100;

/**
 * Finds the first fault in a JSON text: bad syntax, or a key that an object has twice, which
 * `JSON.parse` accepts and one of the two is then silently lost. Returns undefined if there is none.
 *
 * `JSON.parse` itself tells the position only for some faults.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  try {
    const scanner = new Scanner(text);
    scanner.value(0);
    scanner.end();
    return undefined;
  } catch (error) {
    if (error instanceof Stop) return error.fault;
    throw error;
  }
}

class Stop extends Error {
  constructor(readonly fault: JsonFault) {
    super(fault.wanted);
  }
}

class Scanner {
  #offset = 0;
  constructor(readonly text: string) {}

  value(depth: number): void {
    const char = this.#next();
    if (depth > DEEPEST) throw this.#stop(`no more than ${DEEPEST} levels`);
    if (char === "{") this.#object(depth);
    else if (char === "[") this.#list(depth);
    else if (char === '"') this.#string();
    else if (this.#take(PLAIN_VALUE) === undefined) throw this.#stop("a value");
  }

  end(): void {
    if (this.#next() !== "") throw this.#stop("the end of the file");
  }

  #object(depth: number): void {
    this.#offset++;
    const keys = new Set<string>();
    if (this.#skip("}")) return;
    do {
      if (this.#next() !== '"') {
        throw this.#stop(
          keys.size === 0 ? 'a key in double quotes or "}"' : "a key in double quotes",
        );
      }
      const start = this.#offset;
      const key = JSON.parse(this.#string());
      if (keys.has(key)) {
        throw this.#stop(`each key once, and ${JSON.stringify(key)} is there already`, start);
      }
      keys.add(key);
      if (!this.#skip(":")) throw this.#stop('":"');
      this.value(depth + 1);
    } while (this.#skip(","));
    if (!this.#skip("}")) throw this.#stop('"," or "}"');
  }

  #list(depth: number): void {
    this.#offset++;
    if (this.#skip("]")) return;
    do this.value(depth + 1); while (this.#skip(","));
    if (!this.#skip("]")) throw this.#stop('"," or "]"');
  }

  #string(): string {
    const string = this.#take(STRING);
    if (string !== undefined) return string;
    this.#take(STRING_START);
    const char = this.text[this.#offset];
    throw this.#stop(
      char === "\\" ? "a JSON escape such as \\n or \\\\" : "the closing double quote",
    );
  }

  /** The next character that is not space, or "" at the end. */
  #next(): string {
    this.#take(SPACE);
    return this.text[this.#offset] ?? "";
  }

  #skip(char: string): boolean {
    if (this.#next() !== char) return false;
    this.#offset++;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const match = pattern.exec(this.text)?.[0];
    this.#offset += match?.length ?? 0;
    return match;
  }

  #stop(wanted: string, offset = this.#offset): Stop {
    return new Stop({ offset, wanted });
  }
}

/** Characters of a line shown on each side of a fault: a minified file is one line. */
const SHOWN = 40;

/** A place in a text, for people: line and column from 1, and the line with a mark under it. */
export function showPlace(
  text: string,
  offset: number,
  note: string,
): { line: number; column: number; lines: string[] } {
  const before = text.slice(0, offset).split("\n");
  const line = before.length;
  const start = before.at(-1)!;
  const full = text.split("\n")[line - 1]!;
  const left = start.length > SHOWN ? `…${start.slice(-SHOWN)}` : start;
  const rest = full.slice(start.length).trimEnd();
  const right = rest.length > SHOWN ? `${rest.slice(0, SHOWN)}…` : rest;
  // Tabs would put the mark elsewhere.
  const gutter = `${line} | `;
  return {
    line,
    column: [...start].length + 1,
    lines: [
      `${gutter}${left}${right}`.replaceAll("\t", " "),
      `${" ".repeat(gutter.length - 2)}| ${" ".repeat([...left].length)}^ wanted ${note}`,
    ],
  };
}
