const ESC = String.fromCharCode(0x1b);
const BEL = String.fromCharCode(0x07);

/** Escape sequences (ECMA-48): CSI with its final byte, OSC up to its end, and two-byte ones. */
const ESCAPES = new RegExp(
  [
    `${ESC}\\[[0-?]*[ -/]*[@-~]`,
    `${ESC}\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)?`,
    `${ESC}[ -/]*[0-~]?`,
  ].join("|"),
  "g",
);

/**
 * One line of a console as a person would see it: without escape sequences and control characters
 * (a guest could otherwise steer the user's terminal through our messages), and where a carriage
 * return overwrote the line, only what was written last.
 */
export function plainLine(line: string): string {
  const text = line.replace(ESCAPES, "");
  const written = text.split("\r").filter((part) => part.trim() !== "");
  // Every control character except the tab.
  return (written.at(-1) ?? "").replace(/[^\P{Cc}\t]/gu, "").trimEnd();
}
