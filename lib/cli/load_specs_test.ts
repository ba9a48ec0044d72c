import { assert, assertEquals } from "@std/assert";
import { basename, fromFileUrl, join } from "@std/path";
import { $ } from "../base/process/dollar.ts";
import { loadSpecs } from "./load_specs.ts";
import { specFaults } from "./spec_faults_testing.ts";

const TASKS_DIR = fromFileUrl(new URL("../../tasks", import.meta.url));

Deno.test("loadSpecs() reads the modules that export a spec, sorted by name", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const files = {
      "vm_run.ts": 'export const spec = { name: "vm-run" };',
      "build_vm.ts": 'export const spec = { name: "build-vm" }; if (import.meta.main) throw 1;',
      "helper.ts": "export const nothing = 0;",
      "vm_run_test.ts": 'throw new Error("a test was loaded");',
      "notes.md": "no module",
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(dir, name), text);
    }
    assertEquals((await loadSpecs(dir)).map(({ name }) => name), ["build-vm", "vm-run"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("every task has a valid spec under the name of its file", async (t) => {
  const specs = await loadSpecs(TASKS_DIR);
  assert(specs.length > 0);
  for (const spec of specs) {
    await t.step(spec.name, async () => {
      assertEquals(specFaults(spec), []);
      await Deno.stat(join(TASKS_DIR, `${spec.name.replaceAll("-", "_")}.ts`));
    });
  }
});

/** Packages that take longer to load than a whole `--help` may. */
const HEAVY = /\b(dax|zod|fast-check)@/;

interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier: string };
  }[];
}

/** What is loaded before a module runs: itself, and its static imports all the way down. */
async function staticImports(file: string): Promise<Set<string>> {
  const info = $.with({ environment: "user" })`${Deno.execPath()} info --json ${file}`;
  const { roots, modules } = await info.json() as {
    readonly roots: readonly string[];
    readonly modules: readonly ModuleInfo[];
  };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const reached = new Set<string>();
  const queue = roots.filter((root) => root.endsWith(basename(file)));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    for (const { isDynamic, code } of bySpecifier.get(next)?.dependencies ?? []) {
      if (!isDynamic && code !== undefined) queue.push(code.specifier);
    }
  }
  return reached;
}

Deno.test("no task loads a heavy package early, so that --help is instant", async (t) => {
  for await (const { name } of Deno.readDir(TASKS_DIR)) {
    if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
    await t.step(name, async () => {
      const reached = await staticImports(join(TASKS_DIR, name));
      assert([...reached].some((specifier) => specifier.endsWith("/lib/cli/task.ts")));
      assertEquals([...reached].filter((specifier) => HEAVY.test(specifier)), []);
    });
  }
});
