// Writes the permission sets of deno.json.
//   deno task permissions [--check]
import { WorkError } from "../lib/base/errors.ts";
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";

export const spec = {
  name: "permissions",
  group: "development",
  summary: "Write the permission sets of deno.json from configs/permissions.ts",
  description: "Each task gets the union of the classes of privilege that it needs.",
  options: [{
    name: "check",
    type: "boolean",
    help: "write nothing; status 1 if the sets are out of date",
  }],
  omit: ["dry-run", "yes"],
  examples: [
    { goal: "after a change to the table", command: "deno task permissions" },
    { goal: "see whether the sets are up to date", command: "deno task permissions --check" },
  ],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { join, toFileUrl } = await import("@std/path");
  const { root } = await import("../lib/base/files/paths.ts");
  const { writePermissions } = await import("../lib/host/tools/permission_sets.ts");
  const { default: table } = await import(toFileUrl(join(root, "configs/permissions.ts")).href);
  const { check } = ctx.opt;
  const { path, current } = await writePermissions(root, table, { check });
  ctx.result({ ok: current || !check, path, current });
  if (check && !current) {
    throw new WorkError(`Cannot leave "${path}" as it is: its permission sets are out of date`, {
      next: "deno task permissions",
    });
  }
  ctx.log.info(current ? `${path} is up to date` : `Wrote ${path}`);
}

if (import.meta.main) await runTask(spec, main);
