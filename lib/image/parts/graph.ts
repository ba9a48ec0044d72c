import { ARCHS, hasElfKernel } from "../../config/archs.ts";
import type { Part } from "../../config/parts.ts";

type GraphFormat = "text" | "mermaid";

/** Draws which part embeds which: for people, or for a page that renders Mermaid. */
export function drawGraph(parts: readonly Part[], format: GraphFormat): string {
  return format === "text" ? drawText(parts) : drawMermaid(parts);
}

function drawText(parts: readonly Part[]): string {
  const width = Math.max(...parts.map(({ name }) => name.length));
  return parts.map(({ name, needs, outputs }) => {
    const files = outputs.flatMap(({ file, kind }) => {
      const archs = kind === undefined ? ["ARCH"] : ARCHS.filter(hasElfKernel);
      return archs.map((arch) => file.replaceAll("{arch}", arch));
    });
    const from = needs.length === 0 ? "" : `  <- ${needs.join(", ")}`;
    return `${name.padEnd(width)}  ${files.join(", ")}${from}`;
  }).join("\n");
}

function drawMermaid(parts: readonly Part[]): string {
  const nodes = parts.map(({ name, outputs }) => {
    const file = outputs[0]?.file.replaceAll("{arch}", "ARCH") ?? name;
    return `  ${name}["${file}"]`;
  });
  const edges = parts.flatMap(({ name, needs }) => needs.map((need) => `  ${need} --> ${name}`));
  return ["graph LR", ...nodes, ...edges].join("\n");
}
