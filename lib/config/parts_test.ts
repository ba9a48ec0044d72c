import { assertEquals, assertThrows } from "@std/assert";
import { drawGraph } from "../image/parts/graph.ts";
import { buildOrder, outputNames, type Part, PARTS } from "./parts.ts";

const part = (name: string, ...needs: string[]) =>
  ({
    name,
    needs,
    task: "t",
    summary: "s",
    outputs: [{ file: `${name}-{arch}` }],
  }) as unknown as Part;

Deno.test("buildOrder() puts each part after what it embeds, and adds that", () => {
  const names = (wanted: Parameters<typeof buildOrder>[1]) =>
    buildOrder(PARTS, wanted).map(({ name }) => name);
  assertEquals(names(["raw"]), ["guest-agent", "raw"]);
  assertEquals(names(["initramfs"]), ["tiny-init", "kernel", "initramfs"]);
  assertEquals(names(["tiny-init", "micro-initramfs"]), ["tiny-init", "micro-initramfs"]);
  assertEquals(names(PARTS.map(({ name }) => name)).length, PARTS.length);
});

Deno.test("buildOrder() refuses a part that embeds itself or does not exist", () => {
  const circle = [part("raw", "kernel"), part("kernel", "raw")];
  assertThrows(() => buildOrder(circle, ["raw"]), RangeError, '"raw" embeds itself');
  assertThrows(() => buildOrder([part("raw", "node")], ["raw"]), RangeError, 'no part "node"');
});

Deno.test("outputNames() gives the files of one architecture", () => {
  const kernel = PARTS.find(({ name }) => name === "kernel")!;
  assertEquals(outputNames(kernel, "x86_64"), [
    "vmlinuz-x86_64",
    "modules-x86_64.cpio",
    "vmlinux-x86_64",
  ]);
  assertEquals(outputNames(kernel, "aarch64"), ["vmlinuz-aarch64", "modules-aarch64.cpio"]);
});

Deno.test("no two parts write one file", () => {
  for (const arch of ["x86_64", "aarch64"] as const) {
    const files = PARTS.flatMap((part) => outputNames(part, arch));
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
