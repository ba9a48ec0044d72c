// Writes docs/debugging.md.
//   deno task docs [--check]
import { WorkError } from "../lib/base/errors.ts";
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";

export const spec = {
  name: "docs",
  group: "development",
  summary: "Write docs/debugging.md from the table of symptoms",
  description:
    "Generates it from docs/debugging.template.md and lib/symptoms, which ci-diagnose reads.",
  options: [{
    name: "check",
    type: "boolean",
    help: "write nothing; status 1 if the file is out of date",
  }],
  omit: ["dry-run", "yes"],
  examples: [
    { goal: "after a change to the table or the template", command: "deno task docs" },
    { goal: "see whether the file is up to date", command: "deno task docs --check" },
  ],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { root } = await import("../lib/base/files/paths.ts");
  const { writeDebuggingPage } = await import("../lib/symptoms/debugging_page.ts");
  const check = ctx.opt.check;
  const { path, current } = await writeDebuggingPage(root, { check });
  ctx.result({ ok: current || !check, path, current });
  if (check && !current) {
    throw new WorkError(`Cannot leave "${path}" as it is: it is out of date`, {
      next: "deno task docs",
    });
  }
  ctx.log.info(current ? `${path} is up to date` : `Wrote ${path}`);
}

if (import.meta.main) await runTask(spec, main);
