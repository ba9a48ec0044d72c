import { assertEquals, assertThrows } from "@std/assert";
import { ARTIFACTS } from "../../../configs/artifacts.ts";
import { type Artifact, buildOrder, outputNames } from "./artifact.ts";
import { drawGraph } from "./graph.ts";

const part = (name: string, ...needs: string[]) =>
  ({
    name,
    needs,
    task: "t",
    summary: "s",
    outputs: [{ file: `${name}-{arch}` }],
  }) as unknown as Artifact;

Deno.test("buildOrder() puts each part after what it embeds, and adds that", () => {
  const names = (wanted: Parameters<typeof buildOrder>[1]) =>
    buildOrder(ARTIFACTS, wanted).map(({ name }) => name);
  assertEquals(names(["raw"]), ["guest-agent", "raw"]);
  assertEquals(names(["initramfs"]), ["tiny-init", "kernel", "initramfs"]);
  assertEquals(names(["tiny-init", "micro-initramfs"]), ["tiny-init", "micro-initramfs"]);
  assertEquals(names(ARTIFACTS.map(({ name }) => name)).length, ARTIFACTS.length);
});

Deno.test("buildOrder() refuses a part that embeds itself, or is not there", () => {
  const circle = [part("raw", "kernel"), part("kernel", "raw")];
  assertThrows(() => buildOrder(circle, ["raw"]), RangeError, '"raw" embeds itself');
  assertThrows(() => buildOrder([part("raw", "node")], ["raw"]), RangeError, 'no part "node"');
});

Deno.test("outputNames() gives the files of one architecture", () => {
  const kernel = ARTIFACTS.find(({ name }) => name === "kernel")!;
  assertEquals(outputNames(kernel, "x86_64"), [
    "vmlinuz-x86_64",
    "modules-x86_64.cpio",
    "vmlinux-x86_64",
  ]);
  assertEquals(outputNames(kernel, "aarch64"), ["vmlinuz-aarch64", "modules-aarch64.cpio"]);
});

Deno.test("no two parts write one file", () => {
  for (const arch of ["x86_64", "aarch64"] as const) {
    const files = ARTIFACTS.flatMap((artifact) => outputNames(artifact, arch));
    assertEquals(new Set(files).size, files.length);
  }
});

Deno.test("drawGraph() names each part with its files and what it embeds", () => {
  const parts = [part("tiny-init"), part("initramfs", "tiny-init")];
  assertEquals(
    drawGraph(parts, "text"),
    "tiny-init  tiny-init-ARCH\ninitramfs  initramfs-ARCH  <- tiny-init",
  );
  assertEquals(
    drawGraph(parts, "mermaid"),
    [
      "graph LR",
      '  tiny-init["tiny-init-ARCH"]',
      '  initramfs["initramfs-ARCH"]',
      "  tiny-init --> initramfs",
    ].join("\n"),
  );
});
