/** Escape sequences (ECMA-48): CSI, strings (OSC, DCS, SOS, PM, APC), and two-byte ones. */
const SEQUENCES =
  // deno-lint-ignore no-control-regex -- escape sequences start with a control character
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;

/**
 * What a terminal obeys or does not show: control characters, text direction, invisible characters,
 * lone surrogates. Joiners and emoji styles stay, and so do visible marks, such as Arabic ones.
 */
export const UNSEEN =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]--[\n\t\u200c\u200d\ufe0e\ufe0f\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]]/gv;

/** Commands to GitHub Actions and Azure Pipelines. `[^\S\n]`: crossing lines would be quadratic. */
const COMMAND_AT_START = /^([^\S\n]*):(?=:)/gm;
const COMMAND_ANYWHERE = /##(?=\[|vso\[)/g;

/**
 * Text that is safe to show on a terminal and in the log of a CI service, whatever its origin. Line
 * ends and tabs stay; other invisible characters become `\x1b`, `\u202e` or `\u{e0041}`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { plainText } from "./plain_text.ts";
 *
 * assertEquals(plainText("\x1b[2Jcleared\tscreen"), "\\x1b[2Jcleared\tscreen");
 * ```
 */
export function plainText(text: string): string {
  return text
    .replace(UNSEEN, escapeCharacter)
    .replace(COMMAND_AT_START, "$1\\:")
    .replace(COMMAND_ANYWHERE, "#\\#");
}

/**
 * One line of output as a person sees it on a terminal: without escape sequences, and after a
 * carriage return only what was written last. For reading; {@link plainText} is for showing.
 */
export function plainLine(line: string): string {
  const written = line.replace(SEQUENCES, "").split("\r").filter((part) => part.trim() !== "");
  // Every control character except the tab.
  const seen = (written.at(-1) ?? "").replace(/[^\P{Cc}\t]/gu, "").trimEnd();
  return seen.replace(UNSEEN, escapeCharacter);
}

/** JSON without what {@link plainText} makes visible; it means the same. */
export function plainJson(json: string): string {
  return json
    .replace(UNSEEN, (character) => character.split("").map(escapeUnit).join(""))
    .replace(COMMAND_ANYWHERE, "\\u0023#");
}

const escapeUnit = (unit: string): string =>
  `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Cuts a text to about this many characters in its middle: the end often says why. */
export function shorten(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const tail = Math.floor(maxChars / 4);
  const leftOut = `… (${text.length - maxChars} characters left out) …`;
  return text.slice(0, maxChars - tail) + leftOut + text.slice(text.length - tail);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`;
}
