import { EXIT } from "../base/errors.ts";
import {
  allOptions,
  type OptionSpec,
  optionWord,
  placeholder,
  type PositionalSpec,
  type RestSpec,
  type TaskSpec,
} from "./spec.ts";
import { othersOf } from "./together.ts";

/** Columns that help text is wrapped to. */
const WIDTH = 90;
/** The text of a term longer than this starts on the next line. */
const LONGEST_TERM = 26;

type Row = readonly [term: string, text: string];

/** `deno task NAME [options] PLATFORM -- CMD...` */
export function usageLine(spec: TaskSpec): string {
  const words = [`deno task ${spec.name} [options]`, ...(spec.positionals ?? []).map(usageWord)];
  if (spec.rest !== undefined) {
    const rest = `-- ${spec.rest.name}...`;
    words.push(isAlwaysRequired(spec.rest) ? rest : `[${rest}]`);
  }
  return words.join(" ");
}

/** The whole help of a task, with a final newline. */
export function renderHelp(spec: TaskSpec): string {
  const sections = [
    `${spec.name}: ${spec.summary}`,
    `usage: ${usageLine(spec)}`,
    spec.description?.trim() ?? "",
    section("Arguments", argumentRows(spec)),
    section("Options", allOptions(spec).map((option) => optionRow(option, spec))),
    section("Environment variables", envRows(spec)),
    section("Exit status", exitRows(spec)),
    examples(spec),
    spec.runs === undefined ? "" : `Runs underneath:\n${indent(spec.runs.trim())}`,
  ];
  return sections.filter((text) => text !== "").join("\n\n") + "\n";
}

const isAlwaysRequired = ({ required, unless }: PositionalSpec | RestSpec): boolean =>
  required === true && unless === undefined;

function usageWord(positional: PositionalSpec): string {
  const word = positional.repeat ? `${positional.name}...` : positional.name;
  return isAlwaysRequired(positional) ? word : `[${word}]`;
}

function argumentRows(spec: TaskSpec): Row[] {
  const rows = (spec.positionals ?? []).map((positional): Row => [
    positional.name,
    [positional.help, ...choiceNote(positional)].join("; "),
  ]);
  return spec.rest === undefined ? rows : [...rows, [`-- ${spec.rest.name}...`, spec.rest.help]];
}

function optionRow(option: OptionSpec, spec: TaskSpec): Row {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const value = option.type === "boolean" ? "" : ` ${placeholder(option)}`;
  return [
    `${short}${optionWord(option)}${value}`,
    [option.help, ...optionNotes(option, spec)].join("; "),
  ];
}

function optionNotes(option: OptionSpec, spec: TaskSpec): string[] {
  const notes: string[] = [...rangeNote(option), ...choiceNote(option)];
  if (option.repeat) notes.push("may be repeated");
  if (option.default !== undefined && option.type !== "boolean") {
    const unit = option.unit === undefined ? "" : ` ${option.unit}`;
    notes.push(`default ${[option.default].flat().join(", ")}${unit}`);
  }
  if (option.onlyFor !== undefined) notes.push(`only for ${option.onlyFor.join(", ")}`);
  const others = othersOf(spec, option.name).map(({ shown }) => shown);
  if (others.length > 0) notes.push(`not with ${others.join(", ")}`);
  return notes;
}

function rangeNote({ min, max, unit, type }: OptionSpec): string[] {
  if (type !== "number") return [];
  const suffix = unit === undefined ? "" : ` ${unit}`;
  if (min !== undefined && max !== undefined) return [`${min} to ${max}${suffix}`];
  if (min !== undefined) return [`at least ${min}${suffix}`];
  if (max !== undefined) return [`at most ${max}${suffix}`];
  return unit === undefined ? [] : [`in ${unit}`];
}

/** Only fixed choices: looking up others may read files, and help has to be instant. */
function choiceNote({ choices }: Pick<OptionSpec, "choices">): string[] {
  return typeof choices === "function" || choices === undefined ? [] : [choices.join(" | ")];
}

function envRows(spec: TaskSpec): Row[] {
  const defaults = allOptions(spec).flatMap(({ name, env }): Row[] =>
    env === undefined ? [] : [[env, `the default of --${name}`]]
  );
  return [...(spec.env ?? []).map(({ name, help }): Row => [name, help]), ...defaults];
}

function exitRows(spec: TaskSpec): Row[] {
  const common: Row[] = [
    [`${EXIT.ok}`, "done"],
    [`${EXIT.failed}`, "the work failed"],
    [`${EXIT.usage}`, "wrong usage or configuration"],
    [`${EXIT.host}`, "something is missing on the host"],
    [`${EXIT.guest}`, "the guest did not start, or stopped unexpectedly"],
    [`${EXIT.interrupted}`, "interrupted"],
  ];
  return [...common, ...(spec.exits ?? []).map(({ status, help }): Row => [status, help])];
}

function examples(spec: TaskSpec): string {
  if (spec.examples.length === 0) return "";
  const lines = spec.examples.map(({ goal, command }) => `  ${goal}:\n    ${command}`);
  return `Examples:\n${lines.join("\n")}`;
}

function section(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const width = Math.max(...rows.map(([term]) => term.length).filter((n) => n <= LONGEST_TERM), 1);
  const lines = rows.flatMap(([term, text]) => {
    const [first = "", ...more] = wrap(text, WIDTH - width - 4);
    const rest = more.map((line) => `${" ".repeat(width + 4)}${line}`);
    return term.length > width
      ? [`  ${term}`, `${" ".repeat(width + 4)}${first}`, ...rest]
      : [`  ${term.padEnd(width)}  ${first}`, ...rest];
  });
  return `${title}:\n${lines.join("\n")}`;
}

/** Breaks text at spaces; a word longer than the width gets a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function indent(text: string): string {
  return text.split("\n").map((line) => `  ${line}`.trimEnd()).join("\n");
}
