import { atomicWrite } from "../base/files/atomic_write.ts";
import { DIGEST_PATTERN } from "../base/files/digest.ts";
import { readTextIfPresent } from "../base/files/read_text.ts";
import { type InputDigest, keyOf, type Recipe } from "./recipe.ts";

/** What a `.hash` sidecar says: a recipe, or why it is none. */
export type SidecarState =
  | { readonly kind: "recipe"; readonly recipe: Recipe }
  | { readonly kind: "missing"; readonly path: string }
  | { readonly kind: "damaged"; readonly path: string; readonly reason: string };

/** Writes a recipe beside its output, last: the key, then `NAME<TAB>DIGEST` for each input. */
export async function writeSidecar(path: string, recipe: Recipe): Promise<void> {
  const lines = recipe.inputs.map(({ name, digest }) => `${escapeName(name)}\t${digest}`);
  await atomicWrite(path, `${[recipe.key, ...lines].join("\n")}\n`);
}

/** Reads a sidecar; for a damaged one the state says what is wrong with it. */
export async function readSidecar(path: string): Promise<SidecarState> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return { kind: "missing", path };
  const parsed = await parseSidecar(text);
  return typeof parsed === "string"
    ? { kind: "damaged", path, reason: parsed }
    : { kind: "recipe", recipe: parsed };
}

/**
 * Why a recipe is not the recorded one, one line for each input that differs; none if it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { recipeKey } from "./recipe.ts";
 * import { explainMiss } from "./sidecar.ts";
 *
 * const recipe = await recipeKey([{ name: "suite", value: "bookworm" }]);
 * const now = await recipeKey([{ name: "suite", value: "trixie" }]);
 * assertEquals(explainMiss({ kind: "recipe", recipe }, now), ["suite changed"]);
 * ```
 */
export function explainMiss(previous: SidecarState, current: Recipe): string[] {
  if (previous.kind === "missing") return [`no earlier build is recorded in ${previous.path}`];
  if (previous.kind === "damaged") {
    return [`${previous.path} is damaged (${previous.reason}) and counts as missing`];
  }
  const before = new Map(previous.recipe.inputs.map(({ name, digest }) => [name, digest]));
  const after = new Map(current.inputs.map(({ name, digest }) => [name, digest]));
  const lines: [name: string, line: string][] = [];
  for (const [name, digest] of after) {
    const old = before.get(name);
    if (old === undefined) lines.push([name, `input ${escapeName(name)} is new`]);
    else if (old !== digest) lines.push([name, `${escapeName(name)} changed`]);
  }
  for (const name of before.keys()) {
    if (!after.has(name)) lines.push([name, `input ${escapeName(name)} is gone`]);
  }
  return lines.sort(([a], [b]) => a < b ? -1 : 1).map(([, line]) => line);
}

/** The recipe in a sidecar's text, or what is wrong with the text. */
async function parseSidecar(text: string): Promise<Recipe | string> {
  const [key = "", ...lines] = text.split("\n");
  if (!DIGEST_PATTERN.test(key)) return "line 1 is not a key";
  if (lines.pop() !== "") return "its last line is cut off";
  const inputs: InputDigest[] = [];
  for (const [index, line] of lines.entries()) {
    const tab = line.indexOf("\t");
    const digest = line.slice(tab + 1);
    if (tab === -1 || !DIGEST_PATTERN.test(digest)) return `line ${index + 2} is not an input`;
    inputs.push({ name: unescapeName(line.slice(0, tab)), digest });
  }
  // The key follows from the inputs, so an edited or torn file shows.
  if (await keyOf(inputs) !== key) return "its key does not belong to its inputs";
  return { key, inputs };
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\r", "\\r"],
]);
const UNESCAPES: ReadonlyMap<string, string> = new Map(
  [...ESCAPES].map(([char, text]) => [text, char]),
);

/** A directory's entries may have any name; one line each must stay one line each. */
function escapeName(name: string): string {
  return name.replace(/[\\\t\n\r]/g, (char) => ESCAPES.get(char) ?? char);
}

function unescapeName(text: string): string {
  return text.replace(/\\./g, (pair) => UNESCAPES.get(pair) ?? pair);
}
