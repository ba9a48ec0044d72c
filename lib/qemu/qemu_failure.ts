import { wordText } from "../base/text/command_text.ts";
import { fill } from "../symptoms/fill.ts";
import { matchSymptom } from "../symptoms/match.ts";
import { SYMPTOMS } from "../symptoms/symptom_table.ts";

interface QemuFailure {
  /** Completes `Cannot start guest "x": …`. */
  readonly why: string;
  /** The command to run or the setting to change. */
  readonly next: string;
}

/** If QEMU was told to end, it did not fail on its own. */
const RULES = SYMPTOMS.filter(({ where, role }) => where.includes("qemu") && role !== "hint");

/** Why QEMU ended, from the last lines of its output; `undefined` if no symptom matches. */
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
