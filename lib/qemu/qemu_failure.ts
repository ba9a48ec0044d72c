import { wordText } from "../base/text/command_text.ts";
import { fill } from "../symptoms/fill.ts";
import { matchSymptom } from "../symptoms/match.ts";
import { SYMPTOMS } from "../symptoms/symptom_table.ts";

/** What QEMU's own output says about why it ended. */
export interface QemuFailure {
  /** Completes `Cannot start guest "x": …`. */
  readonly why: string;
  /** The command to run or the setting to change. */
  readonly next: string;
}

/** A QEMU that was told to end has not failed by itself. */
const RULES = SYMPTOMS.filter(({ where, role }) => where.includes("qemu") && role !== "hint");

/**
 * Recognises why QEMU ended from the last lines of its output. The first symptom that any line
 * shows wins. `undefined` when no symptom knows the text; the caller then shows the lines
 * themselves.
 */
export function explainQemuOutput(
  lines: readonly string[],
  guest: string,
): QemuFailure | undefined {
  for (const symptom of RULES) {
    for (const line of lines) {
      const values = matchSymptom(line, symptom);
      if (values === undefined) continue;
      const next = symptom.next ?? symptom.fix[0] ?? "";
      return {
        why: fill(symptom.title, values),
        next: fill(next, { ...values, guest }, wordText),
      };
    }
  }
  return undefined;
}
