import { assertEquals } from "@std/assert";
import { type BuildResult, newResult } from "./build_result.ts";
import { buildPage, timelineRow } from "./build_page.ts";

const spans = ["boot", "sync", "test", "shutdown"].map((phase, index) => ({
  phase,
  fromSeconds: index,
  toSeconds: index + 1,
}));

const result = (parts: Partial<BuildResult>): BuildResult => ({ ...newResult("a"), ...parts });
const failed = { status: "fail", exitCode: 2 } as const;

const cases = [
  { title: "pass", result: result({ status: "pass", exitCode: 0, start: "cold" }), spans },
  { title: "a step in a guest", result: result({ ...failed, start: "cold" }), spans, at: 2 },
  { title: "a step on the host", result: result(failed), spans: spans.slice(0, 3), at: 2 },
  { title: "a step on the host named shutdown", result: result(failed), spans, at: 3 },
  { title: "boot", result: result({ exit: 4 }), spans: spans.slice(0, 1), at: 0 },
  { title: "the shutdown", result: result({ exitCode: 0, start: "warm" }), spans, at: 3 },
  { title: "before any phase", result: result({ exit: 3 }), spans: [] },
];

for (const { title, result, spans, at } of cases) {
  Deno.test(`timelineRow() finds where it failed: ${title}`, () => {
    assertEquals(timelineRow(result, spans).failedSpan, at);
  });
}

Deno.test("buildPage() counts, and gives each result the phases of its name", () => {
  const error = { message: "not set up", details: [] };
  const page = buildPage({
    project: "hello",
    date: new Date(0),
    host: { distro: "Debian", arch: "x86_64", cpuModel: "P", cores: 2, memoryMiB: 2048 },
    results: [
      { ...newResult("native"), status: "pass", exitCode: 0, accelerator: "native" },
      { ...newResult("b"), status: "skip", error },
    ],
    spans: (name) => name === "native" ? spans : [],
  });
  assertEquals(page.title, "Builds of hello: 1 of 2 passed");
  assertEquals(page.host.slice(0, 3), [
    ["system", "Debian, x86_64"],
    ["processor", "P, 2 cores"],
    ["memory", "2.0 GiB"],
  ]);
  assertEquals(
    page.timeline.map(({ name, detail, spans, reason }) => [
      ...[name, detail, spans.length, reason],
    ]),
    [["native", undefined, 4, undefined], ["b", undefined, 0, "not set up"]],
  );
});
