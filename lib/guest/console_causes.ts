import { fill, type Values } from "../symptoms/fill.ts";
import { matchSymptom } from "../symptoms/match.ts";
import type { Role } from "../symptoms/symptom.ts";
import { SYMPTOMS } from "../symptoms/symptom_table.ts";

/** A named reason that a line on a guest's console gives for a failure. */
export interface ConsoleCause {
  /** The id of the symptom. */
  readonly kind: string;
  readonly role: Role;
  /** Whether the guest cannot finish booting after this. Otherwise it explains other failures. */
  readonly fatal: boolean;
  /** Completes `Cannot start guest "x": …`. */
  readonly summary: string;
  /** What to do about it: a template for `spellAdvice()`. */
  readonly next: string;
  /** What the line names, for the template. */
  readonly values: Values;
  /** The line that shows it. */
  readonly line: string;
  /** Position in the table: of several causes, the lowest is the most specific. */
  readonly rank: number;
}

const RULES = SYMPTOMS.filter(({ where, without }) =>
  where.includes("console") && without === undefined
);

/** The cause that a console line names, if it names one. The line is plain text. */
export function findCause(line: string): ConsoleCause | undefined {
  for (const [rank, symptom] of RULES.entries()) {
    const values = matchSymptom(line, symptom);
    if (values === undefined) continue;
    const { id, role = "cause", endsBoot, title, fix } = symptom;
    return {
      kind: id,
      role,
      fatal: endsBoot,
      summary: fill(title, values),
      next: symptom.next ?? fix[0] ?? "",
      values,
      line,
      rank,
    };
  }
  return undefined;
}
