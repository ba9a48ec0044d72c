import type { Listed } from "./find_artifacts.ts";

/** What a push has sent. */
export interface PushStats {
  /** Files whose content was sent; unchanged ones do not count. */
  readonly files: number;
  /** Size of those files in bytes. */
  readonly bytes: number;
}

/** Reads what rsync's `--stats` (with `--no-human-readable`) prints. */
export function parseStats(stdout: string): PushStats {
  const number = (label: string) => {
    const match = new RegExp(`^${label}: (\\d+)`, "m").exec(stdout);
    return Number(match?.[1] ?? 0);
  };
  return {
    files: number("Number of regular files transferred"),
    bytes: number("Total transferred file size"),
  };
}

/**
 * The files and links in what `--out-format="MARK%i %n"` prints; directories are left out.
 *
 * @param mark what our own rsync puts before each. It prints lines of the other side as well, which
 *   would name files that are not there
 */
export function parseItemized(stdout: string, mark = ""): Listed {
  const listed: Listed = { files: [], links: [] };
  for (const printed of stdout.split("\n")) {
    if (!printed.startsWith(mark)) continue;
    const line = printed.slice(mark.length);
    // YXcstpoguax and a blank, of which X is the type: f file, L link, d directory.
    if (!/^[<>ch.][fL].{9} ./.test(line)) continue;
    listed[line[1] === "L" ? "links" : "files"].push(unescapeName(line.slice(12)));
  }
  return listed;
}

/** rsync writes bytes that it cannot print as `\#` and three octal digits. */
function unescapeName(name: string): string {
  if (!name.includes("\\#")) return name;
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const part of name.split(/(\\#[0-7]{3})/)) {
    if (/^\\#[0-7]{3}$/.test(part)) bytes.push(parseInt(part.slice(2), 8));
    else bytes.push(...encoder.encode(part));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
