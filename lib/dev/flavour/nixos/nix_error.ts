import { plainLine } from "../../../base/text/plain_text.ts";

/** An error that Nix found in a configuration. */
export interface NixError {
  readonly message: string;
  /**
   * Relative to the configuration's directory, e.g. `modules/ssh.nix`; absent if Nix names none.
   */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** The lines around the place, as Nix draws them. */
  readonly excerpt: readonly string[];
}

/** A place: `at /etc/nixos/modules/ssh.nix:6:14:`. */
const PLACE = /\bat (?:«[^»]*»|"?)?(\/[^\s:"»]+\.nix)(?:"|»)?:(\d+):(\d+)/;
/** Of a definition that does not fit its option: ``- In `/etc/nixos/local.nix': ``. */
const DEFINITION = /\bIn `([^']+\.nix)'/;
/** Drawn source: a number or none, a bar, the text. */
const EXCERPT = /^\s*\d*\s*\|/;
/**
 * Reads Nix's error (before the trace up to 2.15, after it since). The relevant place is the one in
 * the user's files, relative to a directory that may be in the guest or in the store.
 */
export function parseNixError(output: string, files: readonly string[]): NixError | undefined {
  const lines = output.split("\n").map(plainLine);
  const starts = lines.flatMap((line, index) => /^\s*error:\s*\S/.test(line) ? [index] : []);
  const start = starts.at(-1);
  if (start === undefined) return undefined;
  const message = lines[start]!.replace(/^\s*error:\s*/, "").trim();
  // After the message in both forms; a trace before it is the second best.
  const places = placesIn(lines, files);
  const place = places.find(({ index }) => index > start) ?? places.at(-1);
  if (place === undefined) return { message, excerpt: [] };
  const { index, file, line, column } = place;
  const behind = lines.slice(index + 1);
  const first = behind.findIndex((text) => text.trim() !== "");
  const drawn = first < 0 ? [] : behind.slice(first);
  const end = drawn.findIndex((text) => !EXCERPT.test(text));
  const excerpt = drawn.slice(0, end < 0 ? drawn.length : end).map((text) => text.trimEnd());
  return { message, file, ...(line === undefined ? {} : { line, column }), excerpt };
}

interface Place {
  readonly index: number;
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

function placesIn(lines: readonly string[], files: readonly string[]): Place[] {
  return lines.flatMap((text, index): Place[] => {
    const [, path, line, column] = PLACE.exec(text) ?? [];
    const file = ownFile(path ?? DEFINITION.exec(text)?.[1], files);
    if (file === undefined) return [];
    if (line === undefined) return [{ index, file }];
    return [{ index, file, line: Number(line), column: Number(column) }];
  });
}

/** The longest of the files that the path ends with: `default.nix` is in every directory. */
function ownFile(path: string | undefined, files: readonly string[]): string | undefined {
  return files.filter((file) => path?.endsWith(`/${file}`))
    .sort((a, b) => b.length - a.length)[0];
}

/** `nix/modules/ssh.nix:6:14`, as editors accept it; without a file, nothing. */
export function placeText({ file, line, column }: NixError, dir = "nix"): string | undefined {
  if (file === undefined) return undefined;
  return [`${dir}/${file}`, line, column].filter((part) => part !== undefined).join(":");
}
