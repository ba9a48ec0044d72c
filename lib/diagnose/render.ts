import type { Finding } from "./diagnose.ts";
import type { Log } from "./log_lines.ts";

/** Further findings are only counted: they mostly follow from the first. */
export const SHOWN = 3;
/** How many lines of each log to show if nothing was found in any. */
const TAIL_LINES = 8;
/** Of how many logs to show the last lines. */
const TAIL_LOGS = 3;

/** The findings for a reader: where, what, why, and what to run. */
export function renderFindings(findings: readonly Finding[]): string {
  const shown = findings.slice(0, SHOWN).map((finding, index) =>
    renderFinding(finding, index === 0)
  );
  const more = findings.slice(SHOWN).map(({ id }) => id);
  if (more.length > 0) {
    shown.push(`${more.length} more, which mostly follow from these: ${more.join(", ")}`);
  }
  return shown.join("\n\n");
}

function renderFinding(finding: Finding, isFirst: boolean): string {
  const { file, line, title, cause, commands, count, role, id } = finding;
  const label = role === "hint" ? "perhaps" : isFirst ? "cause" : "also";
  const times = count > 1 ? `, and ${count - 1} more such ${count > 2 ? "lines" : "line"}` : "";
  const width = String(finding.excerpt.at(-1)?.line ?? line).length;
  return [
    `${label}: ${title} [${id}]`,
    `  ${file}:${line}${times}`,
    ...finding.excerpt.map(({ line: number, text }) =>
      `  ${number === line ? ">" : " "} ${String(number).padStart(width)} | ${text}`.trimEnd()
    ),
    `  why: ${cause}`,
    ...commands.map((command, index) => `  ${index === 0 ? "run:" : " or:"} ${command}`),
  ].join("\n");
}

/** What to show if there is no known symptom: how the logs end, and where to look. */
export function renderTails(logs: readonly Log[]): string {
  return tailsOf(logs).map(({ file, lines, last }) =>
    lines.length === 0
      ? `${file} is empty`
      : [`${file}, its last ${lines.length} of ${last} lines:`, ...lines.map((l) => `  | ${l}`)]
        .join("\n")
  ).join("\n\n");
}

/** The last lines of the logs that are not empty, or of one log if all are. */
export function tailsOf(logs: readonly Log[]) {
  const telling = logs.filter(({ lines }) => lines.some((line) => line !== ""));
  return (telling.length > 0 ? telling : logs).slice(0, TAIL_LOGS).map(({ name, lines }) => ({
    file: name,
    last: lines.length,
    lines: lines.filter((line) => line !== "").slice(-TAIL_LINES),
  }));
}
