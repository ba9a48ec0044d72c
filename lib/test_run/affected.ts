import { dirname, join } from "@std/path";

/** What each module of the checkout imports, runs or names; paths relative to the checkout. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/**
 * The test files that a change can affect: through imports, a task that they run, or an entry of the
 * store that they use, whose sources (provisioning scripts, package lists, crates, Nix files) are
 * named by the modules that make it, one by one or by their directory. A file that none of them names
 * affects all of `tests/`; documents those that read documents.
 */
export function affectedTests(
  tests: readonly string[],
  changed: readonly string[],
  graph: ImportGraph,
): string[] {
  const isDocument = (file: string) => file.endsWith(".md");
  const modules = [...graph].filter(([file]) => !file.endsWith("_test.ts"));
  const known = new Set(modules.flatMap(([, edges]) => edges));
  const ways = changed.filter((file) => !isDocument(file)).map(waysTo);
  const everything = ways.some(([file, ...dirs]) =>
    !file!.endsWith(".ts") && ![file!, ...dirs].some((path) => known.has(path))
  );
  const documents = changed.some(isDocument);
  const wanted = new Set(ways.flat());
  return tests.filter((test) =>
    (everything && test.startsWith("tests/")) ||
    (documents && /doc|usage|debugging/.test(test)) ||
    reaches(test, wanted, graph)
  );
}

/** A file, and the directories around it. */
export const waysTo = (file: string): string[] =>
  file === "." ? [] : [file, ...waysTo(dirname(file))];

function reaches(from: string, wanted: ReadonlySet<string>, graph: ImportGraph): boolean {
  const seen = new Set<string>();
  const waiting = [from];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (wanted.has(file)) return true;
    if (seen.has(file)) continue;
    seen.add(file);
    waiting.push(...graph.get(file) ?? []);
  }
  return false;
}

const IMPORT = /(?:\bfrom|\bimport(?:\s*\()?)\s*"(\.[^"]+)"/g;
const STRING = /(\broot, )?"([^"\n]+)"/g;

/** What is in a checkout. */
export interface Checkout {
  /** Modules by the names of tasks, and of platforms and other images. */
  readonly tasks: ReadonlyMap<string, string>;
  readonly images: ReadonlyMap<string, string>;
  /** Files that are no modules, directories with such files alone, and configs. */
  readonly sources: ReadonlySet<string>;
}

/** What a module imports, runs or names. Only tests run tasks by name; others merely mention them. */
export function edgesOf(
  file: string,
  text: string,
  { tasks, images, sources }: Checkout,
): string[] {
  const dir = dirname(file);
  const edges = [...text.matchAll(STRING)].flatMap(([, atRoot, string = ""]) => [
    images.get(string) ?? [],
    file.startsWith("tests/") ? tasks.get(string) ?? [] : [],
    // A word such as "nix" may be anything.
    sources.has(string) && (atRoot || string.includes("/")) ? string : [],
    sources.has(join(dir, string)) ? join(dir, string) : [],
    sources.has(`images/${string}/Cargo.toml`) ? `images/${string}` : [],
  ]);
  const imports = [...text.matchAll(IMPORT)].map(([, path]) => join(dir, path!));
  return [...new Set([...imports, ...edges.flat()])];
}
