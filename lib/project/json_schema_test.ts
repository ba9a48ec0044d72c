import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { loadProject } from "./project.ts";
import { projectSchema } from "./project_schema.ts";
import { renderSchema, writeSchema } from "./json_schema.ts";

const COMMITTED = new URL("../../schema/guesthouse.schema.json", import.meta.url);

Deno.test("renderSchema() matches the committed schema", async () => {
  assertEquals(
    await Deno.readTextFile(COMMITTED),
    renderSchema(),
    "schema/guesthouse.schema.json is out of date: run the task that calls writeSchema()",
  );
});

Deno.test("writeSchema() writes the same text", async () => {
  const path = await Deno.makeTempFile({ prefix: "guesthouse-schema-" });
  try {
    await writeSchema(path);
    assertEquals(await Deno.readTextFile(path), renderSchema());
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("renderSchema() describes every field and refuses others", () => {
  const schema = JSON.parse(renderSchema());
  assertEquals(Object.keys(schema.properties), Object.keys(projectSchema.shape));
  assertEquals(schema.additionalProperties, false);
  assertEquals(schema.required, undefined);
  for (const [name, field] of Object.entries<{ description?: string }>(schema.properties)) {
    assertEquals(typeof field.description, "string", name);
  }
});

Deno.test("the sample project's config is valid and refers to the schema", async () => {
  const dir = fromFileUrl(new URL("../../examples/hello-cmake", import.meta.url));
  const project = await loadProject(dir, { platformNames: ["debian-amd64", "debian-arm64"] });
  assertEquals(project.haveCMakeLists, true);
  const { $schema } = JSON.parse(await Deno.readTextFile(project.file!));
  assertEquals(join(dir, $schema), fromFileUrl(COMMITTED));
});
