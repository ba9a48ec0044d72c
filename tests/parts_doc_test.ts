// The page on image parts shows the graph that the builder reads.
import { assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PARTS } from "../lib/config/parts.ts";
import { root } from "../lib/base/files/paths.ts";
import { drawGraph } from "../lib/image/parts/graph.ts";

Deno.test("docs/image-parts.md shows the graph of lib/config/parts.ts", async () => {
  const page = await Deno.readTextFile(join(root, "docs/image-parts.md"));
  assertStringIncludes(page, `\`\`\`mermaid\n${drawGraph(PARTS, "mermaid")}\n\`\`\`\n`);
});
