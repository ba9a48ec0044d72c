/** A value that {@link nixText} can write: what JSON has, without `null`. */
export type NixValue =
  | string
  | number
  | boolean
  | readonly NixValue[]
  | { readonly [name: string]: NixValue };

/** Names that need no quotes (Nix manual, "identifiers"). */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_-]*$/;
/** They look like identifiers, but are keywords. */
const KEYWORDS = new Set([
  ...["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"],
]);

/**
 * A value as a Nix expression; `indent` is for the lines after the first. Throws RangeError for a
 * number that is not a safe integer.
 */
export function nixText(value: NixValue, indent = 0): string {
  if (typeof value === "string") return quoteNix(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return integerText(value);
  const [open, close, lines] = isList(value)
    ? ["[", "]", value.map((item) => itemText(item, indent + 2))] as const
    : ["{", "}", entriesOf(value, indent + 2)] as const;
  if (lines.length === 0) return `${open} ${close}`;
  const space = " ".repeat(indent);
  return [open, ...lines.map((line) => `${space}  ${line}`), `${space}${close}`].join("\n");
}

/** A Nix string that means exactly this text. Throws RangeError for a NUL. */
export function quoteNix(text: string): string {
  if (text.includes("\0")) throw new RangeError("Cannot write a NUL into a Nix string");
  const escaped = text.replace(/[\\"\n\r\t]|\$(?=\{)/g, (found) => ESCAPES[found] ?? found);
  return `"${escaped}"`;
}

/** An unescaped line break would do, but a carriage return is read as a plain one. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "$": "\\$",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function isList(value: NixValue): value is readonly NixValue[] {
  return Array.isArray(value);
}

/** A negative number in a list would be read as a subtraction. */
function itemText(item: NixValue, indent: number): string {
  const text = nixText(item, indent);
  return text.startsWith("-") ? `(${text})` : text;
}

function entriesOf(value: { readonly [name: string]: NixValue }, indent: number): string[] {
  return Object.entries(value)
    .map(([name, item]) => `${nameText(name)} = ${nixText(item, indent)};`);
}

function nameText(name: string): string {
  return IDENTIFIER.test(name) && !KEYWORDS.has(name) ? name : quoteNix(name);
}

function integerText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  throw new RangeError(`Cannot write ${value} as a Nix integer`);
}
