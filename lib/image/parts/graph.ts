import type { Artifact } from "./artifact.ts";

/** How {@link drawGraph} draws. */
export type GraphFormat = "text" | "mermaid";

/** Draws which part embeds which: for people, or for a page that renders Mermaid. */
export function drawGraph(artifacts: readonly Artifact[], format: GraphFormat): string {
  return format === "text" ? drawText(artifacts) : drawMermaid(artifacts);
}

function drawText(artifacts: readonly Artifact[]): string {
  const width = Math.max(...artifacts.map(({ name }) => name.length));
  return artifacts.map(({ name, needs, outputs }) => {
    const files = outputs.map(({ file, only }) => file.replaceAll("{arch}", only ?? "ARCH"));
    const from = needs.length === 0 ? "" : `  <- ${needs.join(", ")}`;
    return `${name.padEnd(width)}  ${files.join(", ")}${from}`;
  }).join("\n");
}

function drawMermaid(artifacts: readonly Artifact[]): string {
  const nodes = artifacts.map(({ name, outputs }) => {
    const file = outputs[0]?.file.replaceAll("{arch}", "ARCH") ?? name;
    return `  ${name}["${file}"]`;
  });
  const edges = artifacts.flatMap(({ name, needs }) =>
    needs.map((need) => `  ${need} --> ${name}`)
  );
  return ["graph LR", ...nodes, ...edges].join("\n");
}
