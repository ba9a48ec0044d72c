import { getNodeValue, parseTree, visit } from "jsonc-parser";

/** Where a text stops being JSON, and why. */
interface JsonFault {
  /** UTF-16 code units from the start. */
  readonly offset: number;
  /** What was wanted there: `a value`, `"," or "}"`. */
  readonly wanted: string;
}

const OPTIONS = { allowTrailingComma: true };

/** A config this deep is damage, or an attack on the stack. */
const DEEPEST = 100;

/** The longest beginning of a string that is still right, to show where it goes wrong. */
const STRING_START = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/yu;

/** Reads JSON with comments and trailing commas; returns the first fault, also for double keys. */
export function readJson(
  text: string,
): { readonly value: unknown } | { readonly fault: JsonFault } {
  try {
    checkJson(text);
  } catch (error) {
    if (error instanceof Stop) return { fault: error.fault };
    throw error;
  }
  // The objects of its value have no prototype that a key could replace.
  return { value: getNodeValue(parseTree(text, [], OPTIONS)!) };
}

class Stop extends Error {
  constructor(readonly fault: JsonFault) {
    super(fault.wanted);
  }
}

/** Throws {@link Stop} at the first fault. */
function checkJson(text: string): void {
  const stop = (offset: number, what = wanted): never => {
    throw new Stop({ offset, wanted: what });
  };
  /** The objects and lists around the place, with what is wanted at their next item. */
  const around: { readonly item: string; readonly end: string; readonly keys: Set<string> }[] = [];
  let wanted = "a value";
  const begin = (item: string, end: string) => (offset: number) => {
    if (around.length > DEEPEST) stop(offset, `no more than ${DEEPEST} levels`);
    around.push({ item, end, keys: new Set() });
    wanted = item;
  };
  const close = () => {
    const end = around.at(-1)?.end;
    wanted = end === undefined ? "the end of the file" : `"," or "${end}"`;
  };
  const end = (offset: number) => {
    // Comes at the end of the text as well.
    if (around.pop()!.end !== text[offset]) stop(offset);
    close();
  };
  visit(text, {
    onObjectBegin: begin('a key in double quotes or "}"', "}"),
    onObjectProperty: (key, offset) => {
      const { keys } = around.at(-1)!;
      if (keys.has(key)) stop(offset, `each key once, and ${JSON.stringify(key)} exists already`);
      keys.add(key);
      wanted = '":"';
    },
    onArrayBegin: begin("a value", "]"),
    onObjectEnd: end,
    onArrayEnd: end,
    onLiteralValue: close,
    onSeparator: (char) => wanted = char === ":" ? "a value" : around.at(-1)!.item,
    onError: (_, offset, length) => {
      if (text.startsWith("/*", offset)) stop(offset + length, '"*/"');
      if (text[offset] !== '"') stop(offset);
      STRING_START.lastIndex = offset;
      const broken = offset + STRING_START.exec(text)![0].length;
      // A whole string, where none is wanted.
      if (text[broken] === '"') stop(offset);
      const escape = text[broken] === "\\";
      stop(broken, escape ? "a JSON escape such as \\n or \\\\" : "the closing double quote");
    },
  }, OPTIONS);
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
