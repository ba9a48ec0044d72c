/** The imports of each file of the checkout, and the tasks that it names; paths relative to it. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/**
 * The test files that a change can affect: through imports, or through a task that they run. A file
 * that is no module affects all of `tests/`; documents those that read documents.
 */
export function affectedTests(
  tests: readonly string[],
  changed: readonly string[],
  graph: ImportGraph,
): string[] {
  const modules = new Set(changed.filter((file) => file.endsWith(".ts")));
  const others = changed.filter((file) => !file.endsWith(".ts"));
  const everything = others.some((file) => !/\.md$/.test(file));
  const documents = others.some((file) => /\.md$/.test(file));
  return tests.filter((test) =>
    (everything && test.startsWith("tests/")) ||
    (documents && /doc|usage|debugging/.test(test)) ||
    reaches(test, modules, graph)
  );
}

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

/** Relative imports in a module's text, and `tasks/NAME.ts` for each string that names a task. */
export function importsIn(text: string, tasks: ReadonlyMap<string, string>): {
  readonly imports: string[];
  readonly tasks: string[];
} {
  const strings = [...text.matchAll(/"([a-z][a-z-]+)"/g)].map(([, word = ""]) => word);
  return {
    imports: [...text.matchAll(IMPORT)].map(([, path = ""]) => path),
    tasks: [...new Set(strings.flatMap((word) => tasks.get(word) ?? []))],
  };
}
