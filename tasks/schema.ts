// Writes the JSON schema of guesthouse.json.
//   deno task schema
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";

export const spec = {
  name: "schema",
  group: "development",
  summary: "Write the JSON schema of guesthouse.json",
  description:
    "Generates schema/guesthouse.schema.json from the description that also validates the file.",
  omit: ["dry-run", "yes"],
  examples: [{ goal: "after a change to the description", command: "deno task schema" }],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { join } = await import("@std/path");
  const { writeSchema } = await import("../lib/project/json_schema.ts");
  const { root } = await import("../lib/base/files/paths.ts");
  const path = join(root, "schema/guesthouse.schema.json");
  await writeSchema(path);
  ctx.result({ ok: true, path });
  ctx.log.info(`Wrote ${path}`);
}

if (import.meta.main) await runTask(spec, main);
