import { dirname, join } from "@std/path";
import { displayWidth, padEnd } from "../base/text/text.ts";
import { fill } from "./fill.ts";
import type { Symptom } from "./symptom.ts";
import { TOPICS } from "./symptom_table.ts";

/** `docs/debugging.md` below the checkout. */
const DEBUGGING_PAGE = "docs/debugging.md";
/** Its text around the tables, beside it. */
const TEMPLATE = "debugging.template.md";

/** A line of the template that stands for the table of these topics. */
const PLACE = /^<!-- table: ([a-z -]+) -->$/gm;

/** The values of templates on a page about all guests. */
const NAMES = { guest: "PLATFORM", console: "logs/PLATFORM.console.log", log: "logs/PLATFORM.log" };

const HEADER = ["in the log", "what it means", "what to run", "name"] as const;

/** The page of symptoms as `deno fmt` leaves it. Throws RangeError for a wrong or missing topic. */
export function renderDebuggingPage(template: string): string {
  const topics = new Set(Object.keys(TOPICS));
  const page = template.replace(PLACE, (_, names: string) => {
    const symptoms = names.split(" ").flatMap((name) => {
      if (!topics.delete(name)) throw new RangeError(`there is no topic "${name}", or it is twice`);
      return TOPICS[name as keyof typeof TOPICS];
    });
    return renderSymptoms(symptoms);
  });
  if (topics.size > 0) throw new RangeError(`the template leaves out: ${[...topics].join(", ")}`);
  return `<!-- Written by \`deno task docs\` from ${TEMPLATE} and lib/symptoms. -->\n\n${page}`;
}

/** Writes the page of a checkout; with `check`, only says whether it is up to date. */
export async function writeDebuggingPage(
  root: string,
  { check }: { readonly check: boolean },
): Promise<{ readonly path: string; readonly current: boolean }> {
  const path = join(root, DEBUGGING_PAGE);
  const page = renderDebuggingPage(await Deno.readTextFile(join(dirname(path), TEMPLATE)));
  const current = await Deno.readTextFile(path).catch(() => undefined) === page;
  if (!current && !check) await Deno.writeTextFile(path, page);
  return { path, current };
}

function renderSymptoms(symptoms: readonly Symptom[]): string {
  const rows = [HEADER, ...symptoms.map(symptomRow)];
  const widths = HEADER.map((_, column) =>
    Math.max(...rows.map((row) => displayWidth(row[column] ?? "")))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => padEnd(cell, widths[column] ?? 0)).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  const [header = "", ...body] = rows.map(line);
  return [header, rule, ...body].join("\n");
}

function symptomRow({ id, says, title, cause, fix }: Symptom): string[] {
  return [
    code(says),
    `${code(fill(title, {}))}. ${cell(fill(cause, NAMES))}`,
    fix.map((command) => code(fill(command, NAMES))).join("; "),
    id,
  ];
}

/** Literal text, in a cell. */
function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

/** Prose without markup, in a cell. */
function cell(text: string): string {
  return text.replace(/[|*_<>[\]]/g, "\\$&");
}
