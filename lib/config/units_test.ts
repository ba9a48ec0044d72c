import { assertEquals } from "@std/assert";
import { parseDurationMs, parseMemoryMiB } from "./units.ts";

Deno.test("parseMemoryMiB() reads MiB and text", () => {
  const cases: [size: number | string, memoryMiB: number | undefined][] = [
    [512, 512],
    ["512M", 512],
    ["2G", 2048],
    ["1.5G", 1536],
    [128, 128],
    [127, undefined],
    ["1024G", 1_048_576],
    ["1025G", undefined],
    [512.5, undefined],
    [-512, undefined],
    [NaN, undefined],
    ["512", undefined],
    ["2g", undefined],
    ["2 G", undefined],
    ["", undefined],
  ];
  for (const [size, memoryMiB] of cases) assertEquals(parseMemoryMiB(size), memoryMiB, `${size}`);
});

Deno.test("parseDurationMs() reads seconds, minutes and hours", () => {
  const cases: [text: string, durationMs: number | undefined][] = [
    ["90s", 90_000],
    ["10m", 600_000],
    ["1h", 3_600_000],
    ["168h", 604_800_000],
    ["169h", undefined],
    ["0s", undefined],
    ["10", undefined],
    ["soon", undefined],
    ["-1s", undefined],
    ["1.5h", undefined],
  ];
  for (const [text, durationMs] of cases) assertEquals(parseDurationMs(text), durationMs, text);
});
