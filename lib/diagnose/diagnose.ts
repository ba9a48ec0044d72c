import { basename } from "@std/path";
import { microAdvice } from "../guest/micro_advice.ts";
import { wordText } from "../base/text/command_text.ts";
import { MICRO_ARCHS } from "../config/archs.ts";
import { VARIANTS } from "../config/parts.ts";
import { fill, type Values } from "../symptoms/fill.ts";
import { matchSymptom } from "../symptoms/match.ts";
import type { LogKind, Role, Symptom } from "../symptoms/symptom.ts";
import { SYMPTOMS } from "../symptoms/symptom_table.ts";
import { type LineKind, lineKind, logKind } from "./line_kind.ts";
import { type Log, withoutShownPrefix } from "./log_lines.ts";

/** A symptom in a run's logs. */
export interface Finding {
  readonly id: string;
  readonly role: Role;
  readonly endsBoot: boolean;
  readonly title: string;
  readonly cause: string;
  /** Commands to run, the most useful first. */
  readonly commands: readonly string[];
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** The number of lines in all logs that show it. */
  readonly count: number;
  /** The line that shows it, with two around it. */
  readonly excerpt: readonly { readonly line: number; readonly text: string }[];
}

interface Hit {
  readonly symptom: Symptom;
  readonly values: Values;
  readonly log: Log;
  readonly index: number;
  readonly kind: LogKind;
  count: number;
}

/** How many lines to show before and after the relevant one. */
const AROUND = 2;

/** Symptoms by the source of a line; in the order of the table. */
const BY_KIND: Readonly<Record<LineKind, readonly Symptom[]>> = {
  console: symptomsFor("console"),
  qemu: symptomsFor("qemu"),
  task: symptomsFor("task"),
  host: symptomsFor("host"),
  ssh: symptomsFor("ssh"),
};

function symptomsFor(kind: LineKind): Symptom[] {
  return kind === "ssh"
    ? SYMPTOMS.filter(({ ssh }) => ssh !== undefined)
    : SYMPTOMS.filter(({ where, ssh }) => ssh === undefined && where.includes(kind));
}

/** QEMU starts before the guest, and the task reports both. */
const KIND_ORDER: readonly LogKind[] = ["host", "qemu", "console", "task"];
const ROLE_ORDER: readonly Role[] = ["cause", "consequence", "hint"];

/**
 * The symptoms in one run's logs: causes before consequences before hints, each in order of time. A
 * symptom is reported once, at its first and most direct occurrence.
 */
export function diagnose(logs: readonly Log[]): Finding[] {
  const hits = new Map<string, Hit>();
  const refuted = findRefuted(logs);
  const typed = logs.map((log) => ({ log, kind: logKind(log) }))
    .toSorted((a, b) => KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind));
  for (const { log, kind } of typed) {
    for (const [index, line] of log.lines.entries()) {
      const match = matchLine(line, kind, refuted);
      if (match === undefined) continue;
      const known = hits.get(match.symptom.id);
      if (known !== undefined) known.count++;
      else hits.set(match.symptom.id, { ...match, log, index, kind, count: 1 });
    }
  }
  // Stable, so that the order of time is kept within a role.
  return [...hits.values()]
    .toSorted((a, b) => ROLE_ORDER.indexOf(roleOf(a)) - ROLE_ORDER.indexOf(roleOf(b)))
    .map(toFinding);
}

const roleOf = ({ symptom }: Hit): Role => symptom.role ?? "cause";

function matchLine(line: string, kind: LogKind, refuted: ReadonlySet<Symptom>) {
  const text = withoutShownPrefix(line);
  if (text === "") return undefined;
  for (const symptom of BY_KIND[lineKind(line, kind)]) {
    const values = matchSymptom(text, symptom);
    if (values !== undefined && !refuted.has(symptom)) return { symptom, values };
  }
  return undefined;
}

/** The symptoms that a line of the logs rules out. */
function findRefuted(logs: readonly Log[]): ReadonlySet<Symptom> {
  const refutable = SYMPTOMS.filter(({ without }) => without !== undefined);
  return new Set(
    refutable.filter(({ without }) =>
      logs.some(({ lines }) => lines.some((line) => without?.test(line)))
    ),
  );
}

function toFinding({ symptom, values, log, index, kind, count }: Hit): Finding {
  const all = { ...values, ...placesOf(log, kind) };
  return {
    id: symptom.id,
    role: symptom.role ?? "cause",
    endsBoot: symptom.endsBoot,
    title: fill(symptom.title, all),
    cause: fill(symptom.cause, all),
    commands: commandsFor(log, symptom.fix.map((command) => fill(command, all, wordText))),
    file: log.name,
    line: index + 1,
    count,
    excerpt: excerptOf(log, index),
  };
}

/** Commands for the guest that a log belongs to. */
function commandsFor({ name }: Log, commands: readonly string[]): readonly string[] {
  const micro = findMicro(basename(name));
  if (micro === undefined) return commands;
  return commands.map((command) => microAdvice(command, micro)).filter((one) => one !== undefined);
}

function excerptOf({ lines }: Log, index: number): Finding["excerpt"] {
  const from = Math.max(0, index - AROUND);
  return lines.slice(from, index + AROUND + 1)
    .map((text, offset) => ({ line: from + offset + 1, text }));
}

/** A log's name is that of its guest followed by one of these. */
const LOG_SUFFIX = /(?:-\d+)?(?:\.console|\.qemu)?\.log$/;

/** The prefix of the logs of tasks for microVMs, before the guest's name. */
const MICRO_PREFIX = /^(?:vm-run|check|bench)-/;
const MICRO_LOG = new RegExp(
  `${MICRO_PREFIX.source}(${VARIANTS.join("|")})-(${MICRO_ARCHS.join("|")})${LOG_SUFFIX.source}`,
);

/** The microVM that a log belongs to, by the log's name. */
function findMicro(file: string): { readonly variant: string; readonly arch: string } | undefined {
  const [, variant, arch] = MICRO_LOG.exec(file) ?? [];
  return variant === undefined || arch === undefined ? undefined : { variant, arch };
}

/** The guest that a log belongs to, by its name, and its console, as far as they are known. */
function placesOf({ name }: Log, kind: LogKind): Values {
  const file = basename(name);
  const isOurs = LOG_SUFFIX.test(file) && /^(?:setup-|vm-run-|vm-ssh-)?\w+-\w+/.test(file);
  const stem = file.replace(LOG_SUFFIX, "");
  const prefix = findMicro(file) === undefined ? /^(?:setup-|vm-run-|vm-ssh-)/ : MICRO_PREFIX;
  const guest = isOurs ? stem.replace(prefix, "") : undefined;
  const isFile = name !== "-" && !name.startsWith("run ");
  const beside = isFile && isOurs ? name.slice(0, -file.length) + stem : "logs/PLATFORM";
  return {
    guest: guest ?? "PLATFORM",
    console: kind === "console" && isFile ? name : `${beside}.console.log`,
    log: isFile ? name : "logs/PLATFORM.log",
  };
}
