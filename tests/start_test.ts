// What a start reads and loads. Each module that Deno reads costs 0.2 ms, whether it is used or not,
// and those of Node and of npm cost up to 50 ms.
import { assertEquals } from "@std/assert";
import { join, relative, toFileUrl } from "@std/path";
import { root } from "../lib/base/files/paths.ts";
import { $ } from "../lib/base/process/dollar.ts";

interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly isDynamic?: boolean;
      readonly code?: { readonly specifier: string };
    }[];
  }[];
}

/** What Deno finds from a module on by `import`, and by `import()` where that is wanted. */
async function modulesFrom(path: string, lazily: "lazily, too" | "at once"): Promise<string[]> {
  const { modules } = await $`deno info --json ${path}`.json() as Graph;
  const dependencies = new Map(modules.map((one) => [one.specifier, one.dependencies ?? []]));
  const found = new Set([toFileUrl(join(root, path)).href]);
  for (const specifier of found) {
    for (const { code, isDynamic } of dependencies.get(specifier) ?? []) {
      if (code !== undefined && !(isDynamic && lazily === "at once")) found.add(code.specifier);
    }
  }
  return [...found].map((one) =>
    one.startsWith("file:") ? relative(root, new URL(one).pathname) : one
  );
}

Deno.test("vm-run and build-vm read no module that only other runs need at their start", async () => {
  const others =
    /^lib\/(micro\/.*(task|run)|guest\/agent|image\/platform\/build|image\/parts\/rec)/;
  for (const task of ["vm_run", "build_vm"]) {
    const modules = await modulesFrom(`tasks/${task}.ts`, "lazily, too");
    assertEquals(modules.filter((path) => others.test(path)), [], task);
  }
});

Deno.test("no module of Node is loaded on the way to a guest's first command", async () => {
  for (const path of ["tasks/vm_run.ts", "lib/setup/prepare.ts", "lib/vm/run_command.ts"]) {
    const modules = await modulesFrom(path, "at once");
    assertEquals(modules.filter((one) => one.startsWith("node:")), [], path);
  }
});
