import { z } from "zod";
import { projectSchema } from "./project_schema.ts";

/**
 * The JSON schema of `guesthouse.json` (draft 7), without rules that only `loadProject()` checks.
 */
export function renderSchema(): string {
  const schema = z.toJSONSchema(projectSchema, { target: "draft-7", io: "input" });
  const { $schema, ...rest } = schema;
  const titled = {
    $schema,
    title: "guesthouse.json",
    description: "How guesthouse builds this project in its guests. Every field is optional.",
    // Not of the standard: what editors go by.
    allowComments: true,
    allowTrailingCommas: true,
    ...rest,
  };
  return `${JSON.stringify(titled, null, 2)}\n`;
}

/** Writes the JSON schema to a file, `schema/guesthouse.schema.json` in the checkout. */
export async function writeSchema(path: string): Promise<void> {
  await Deno.writeTextFile(path, renderSchema());
}
