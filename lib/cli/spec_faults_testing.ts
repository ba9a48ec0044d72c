import { allConflicts, allOptions, type OptionSpec, type TaskSpec } from "./spec.ts";

/** Mistakes in a task's spec, for a test over all tasks; empty if there are none. */
export function specFaults(spec: TaskSpec): string[] {
  return [
    ...summaryFaults(spec),
    ...optionFaults(allOptions(spec)),
    ...positionalFaults(spec),
    ...referenceFaults(spec),
    ...exampleFaults(spec),
  ];
}

function summaryFaults({ summary }: TaskSpec): string[] {
  return /^[A-Z][^\n]*[^.\n]$/.test(summary)
    ? []
    : ["the summary is not one line that starts with a capital and ends without a full stop"];
}

function optionFaults(options: readonly OptionSpec[]): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { name, short, type, repeat, help, default: initial, choices, env } of options) {
    for (const word of [name, short].filter((word) => word !== undefined)) {
      if (seen.has(word)) faults.push(`option "${word}" is there twice`);
      seen.add(word);
    }
    if (!/^[a-z][a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
      faults.push(`option "${name}" is not in kebab-case`);
    }
    if (short !== undefined && !/^[A-Za-z]$/.test(short)) {
      faults.push(`short option "${short}" is not one letter`);
    }
    if (repeat && type !== "string") faults.push(`option "${name}" repeats but is no string`);
    if (!isDefaultOf(type, repeat, initial)) faults.push(`default of "${name}" is no ${type}`);
    if (Array.isArray(choices) && initial !== undefined && !choices.includes(initial)) {
      faults.push(`default of "${name}" is none of its choices`);
    }
    if (env !== undefined && (type === "boolean" || repeat)) {
      faults.push(`option "${name}" has a variable but takes no single value`);
    }
    if (help === "" || help.endsWith(".")) faults.push(`help of "${name}" is empty or a sentence`);
  }
  return faults;
}

function isDefaultOf(
  type: OptionSpec["type"],
  repeat: boolean | undefined,
  value: OptionSpec["default"],
): boolean {
  if (value === undefined) return true;
  const kind: string = typeof value;
  return repeat ? Array.isArray(value) : kind === type;
}

function positionalFaults({ positionals = [] }: TaskSpec): string[] {
  return positionals.flatMap(({ name, repeat, required }, index) => [
    ...repeat && index < positionals.length - 1 ? [`${name} repeats but is not the last`] : [],
    ...required && index > 0 && !positionals[index - 1]!.required
      ? [`${name} is required after an optional one`]
      : [],
  ]);
}

/** A reference to another argument must name an existing one. */
function referenceFaults(spec: TaskSpec): string[] {
  const { positionals = [], rest } = spec;
  const options = allOptions(spec);
  const names = options.map(({ name }) => name);
  const places = [...positionals, ...rest === undefined ? [] : [rest]].map(({ name }) => name);
  const conflicting = allConflicts(spec).flatMap(({ between }) => between);
  return [
    ...conflicting
      .filter((name) => !names.includes(name) && !places.includes(name))
      .map((name) => `a conflict names "${name}", which does not exist`),
    // It would be unclear whether a variable that is set counts as given.
    ...options
      .filter(({ name, env }) => env !== undefined && conflicting.includes(name))
      .map(({ name }) => `option "${name}" has a variable and a conflict`),
    ...[...positionals, rest]
      .filter((place) => place?.unless !== undefined && !names.includes(place.unless))
      .map((place) => `${place?.name} names option "${place?.unless}", which does not exist`),
    ...options
      .filter(({ onlyFor }) => onlyFor !== undefined && positionals[0]?.required !== true)
      .map(({ name }) => `option "${name}" is for values of a positional that may be left out`),
  ];
}

function exampleFaults({ name, examples }: TaskSpec): string[] {
  if (examples.length === 0) return ["there is no example"];
  const call = new RegExp(`\\b(deno task( --quiet)?|just) ${name}\\b`);
  return examples
    .filter(({ command }) => !call.test(command))
    .map(({ command }) => `example "${command}" does not call the task`);
}
