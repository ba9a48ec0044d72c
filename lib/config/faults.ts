import { z } from "zod";
import { didYouMean } from "../cli/suggest.ts";

// zod compiles a checker on first use, which pays off after some hundred values. A task checks one.
z.config({ jitless: true });

type Checked<T> =
  | { readonly value: T; readonly faults: readonly [] }
  | { readonly value?: undefined; readonly faults: readonly Fault[] };

/** One error: where it is, and what was found and wanted there. */
export interface Fault {
  readonly path: FieldPath;
  /** A sentence without its path, such as `found 3, wanted a string`. */
  readonly text: string;
}

/** The keys and indices that lead to a field. */
type FieldPath = readonly PropertyKey[];

/**
 * Checks a value against a schema and returns all errors at once. A schema's `error` says what is
 * wanted, as a noun: `a directory inside the project`.
 */
export function check<T extends z.ZodType>(schema: T, input: unknown): Checked<z.output<T>> {
  const knownKeys = new Map<string, readonly string[]>();
  const result = schema.safeParse(input, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys" && issue.inst instanceof z.ZodObject) {
        knownKeys.set(fieldName(issue.path ?? []), Object.keys(issue.inst.shape));
      }
      return wanted(issue);
    },
  });
  if (result.success) return { value: result.data, faults: [] };
  const faults = result.error.issues.flatMap((issue): Fault[] => {
    const { path } = issue;
    if (issue.code === "unrecognized_keys") {
      const known = knownKeys.get(fieldName(path)) ?? [];
      return issue.keys.map((key) => ({
        path: [...path, key],
        text: unknownText("field", key, known),
      }));
    }
    if (issue.code === "invalid_key") {
      const name = JSON.stringify(path.at(-1));
      return [{ path, text: `found the name ${name}, wanted ${issue.issues[0]?.message}` }];
    }
    return [{ path, text: foundWanted(valueAt(input, path), issue.message) }];
  });
  return { faults: firstOfEach(faults) };
}

/** An object without other fields; `wanted` is for values that are not objects. */
export function fields<S extends z.ZodRawShape>(
  shape: S,
  wanted: string,
): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => issue.code === "unrecognized_keys" ? undefined : wanted,
  });
}

/** Two rules of one field often fail together, and the first is enough. */
function firstOfEach(faults: readonly Fault[]): Fault[] {
  const seen = new Set<string>();
  return faults.filter(({ path }) => {
    const name = fieldName(path);
    return !seen.has(name) && seen.add(name);
  });
}

/** `unknown KIND, did you mean "NEAREST"?`, or the list of what is known. */
export function unknownText(kind: string, word: string, known: readonly string[]): string {
  return `unknown ${kind}${didYouMean(word, known) || `, known are ${known.join(", ")}`}`;
}

/** `found FOUND, wanted WANTED`. */
export function foundWanted(value: unknown, wanted: string): string {
  return `found ${found(value)}, wanted ${wanted}`;
}

/** The lines of an error's details, one for each fault. */
export function faultLines(faults: readonly Fault[]): string[] {
  return faults.map(({ path, text }) => `${fieldName(path)}: ${text}`);
}

/** `1 fault`, `2 faults`. */
export function countFaults(faults: readonly unknown[]): string {
  return faults.length === 1 ? "1 fault" : `${faults.length} faults`;
}

/** `steps.linux[0].run`; a key that is not a plain word is quoted: `env["A B"]`. */
export function fieldName(path: FieldPath): string {
  if (path.length === 0) return "(whole file)";
  return path.map((part, index) => {
    if (typeof part === "number") return `[${part}]`;
    const key = String(part);
    if (!/^[\w$-]+$/.test(key)) return `[${JSON.stringify(key)}]`;
    return index === 0 ? key : `.${key}`;
  }).join("");
}

/** Texts longer than this are cut: an error is one line. */
const LONGEST_FOUND = 60;

function found(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND)}…` : text;
}

function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce(
    (inner: unknown, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}

const NOUNS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** What an issue expects, for a schema without an error text. */
function wanted(issue: { code: string; expected?: unknown; values?: unknown }): string {
  if (issue.code === "invalid_type") return NOUNS[String(issue.expected)] ?? String(issue.expected);
  if (issue.code === "invalid_value" && Array.isArray(issue.values)) {
    return issue.values.map((value) => JSON.stringify(value)).join(" or ");
  }
  return "something else";
}
