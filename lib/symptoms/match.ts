import { type Values, valuesOf } from "./fill.ts";
import type { Symptom } from "./symptom.ts";

interface SymptomMatch {
  readonly symptom: Symptom;
  readonly values: Values;
}

/** The first of these symptoms that the line shows. The line is plain text. */
export function findSymptom(
  line: string,
  symptoms: readonly Symptom[],
): SymptomMatch | undefined {
  for (const symptom of symptoms) {
    const values = matchSymptom(line, symptom);
    if (values !== undefined) return { symptom, values };
  }
  return undefined;
}

/** The values that the symptom's patterns match in the line; undefined if none matches. */
export function matchSymptom(line: string, symptom: Symptom): Values | undefined {
  for (const pattern of symptom.patterns) {
    const match = pattern.exec(line);
    if (match !== null) return valuesOf(match);
  }
  return undefined;
}
