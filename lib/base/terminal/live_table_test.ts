import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { type LiveRow, LiveTable, renderLiveRows } from "./live_table.ts";
import { haveTerminal, runInTerminal, screenAfter } from "./testdata/terminal.ts";

const SAMPLE = fromFileUrl(new URL("testdata/sample_table.ts", import.meta.url));

const ROWS: readonly LiveRow[] = [
  { name: "native", state: "pass", startedMs: 0, endedMs: 4100, line: "" },
  { name: "debian-amd64", state: "build", startedMs: 1000, line: "[ 50%] Building main.c" },
  { name: "debian-arm64", state: "waiting", line: "" },
];

Deno.test("renderLiveRows() aligns name, state, seconds and newest output", () => {
  assertEquals(renderLiveRows(ROWS, 80, 13_340), [
    "native        pass      4.1s",
    "debian-amd64  build    12.3s  [ 50%] Building main.c",
    "debian-arm64  waiting",
  ]);
});

Deno.test("renderLiveRows() fits any width", () => {
  assertEquals(renderLiveRows(ROWS, 40, 13_340), [
    "native        pass      4.1s",
    "debian-amd64  build    12.3s  [ 50%] Bu…",
    "debian-arm64  waiting",
  ]);
  assertEquals(renderLiveRows(ROWS, 8, 0), ["native …", "debian-…", "debian-…"]);
  assertEquals(renderLiveRows([], 80, 0), []);
});

Deno.test("renderLiveRows() colours the state", () => {
  assertEquals(
    renderLiveRows([{ name: "pass", state: "fail", line: "x" }], 80, 0, true),
    ["pass  \x1b[31mfail\x1b[0m    x"],
  );
});

Deno.test("LiveTable without a terminal writes a line for each change of state", () => {
  let text = "";
  let nowMs = 0;
  const options = { terminal: false, write: (part: string) => text += part, now: () => nowMs };
  {
    using table = new LiveTable(["native", "debian-amd64"], options);
    table.phase("native", "configure");
    nowMs = 1000;
    table.phase("native", "build");
    table.phase("native", "build");
    table.line("native", "[ 50%] Building");
    nowMs = 12_340;
    table.finish("native", "fail", "see logs/native.log");
    table.finish("debian-amd64", "skip", "not set up");
    const fault = assertThrows(() => table.phase("other", "boot"), RangeError);
    assertEquals(fault.message, 'Cannot update row "other": it is not in the table');
  }
  assertEquals(
    text,
    `native: configure
native: build
native: fail 12.3s  see logs/native.log
debian-amd64: skip  not set up
`,
  );
});

async function runTable(mode: string, columns = 80, rows = 24) {
  const command = [Deno.execPath(), "run", "--quiet", "--no-prompt", SAMPLE, mode];
  const { code, output } = await runInTerminal(command, { columns, rows });
  const { lines, cursorHidden } = screenAfter(output);
  return {
    code,
    output,
    lines: lines.map((line) => line.replace(/\d+\.\ds/, "N.Ns")),
    cursorHidden,
  };
}

const FINISHED = [
  "a line of the log",
  "native        pass  N.Ns",
  "debian-arm64  fail  N.Ns  see logs/debian-arm64.log",
  "after the table",
  "",
];

Deno.test({
  name: "LiveTable on a terminal redraws in place, below the log, and shows the cursor again",
  ignore: !haveTerminal,
  async fn() {
    const { code, output, lines, cursorHidden } = await runTable("finish");
    assertEquals([code, cursorHidden], [0, false]);
    assertEquals(lines, FINISHED);
    assertStringIncludes(output, "[ 50%] Building main.c");
    assertEquals(output.split("\x1b[?25l").length, 2); // hidden once
  },
});

Deno.test({
  name: "LiveTable stays within a narrow and low terminal",
  ignore: !haveTerminal,
  async fn() {
    const narrow = await runTable("finish", 20);
    assertEquals(narrow.lines, [
      "a line of the log",
      "native        pass…",
      "debian-arm64  fail…",
      "after the table",
      "",
    ]);
    const low = await runTable("finish", 80, 2);
    assertEquals(low.lines, ["a line of the log", FINISHED[1]!, "after the table", ""]);
  },
});

Deno.test({
  name: "LiveTable shows the cursor again after an error, even if it is not disposed",
  ignore: !haveTerminal,
  async fn() {
    const failed = await runTable("fail");
    assertEquals(failed.lines, [
      "a line of the log",
      "native        pass  N.Ns",
      "debian-arm64  boot  N.Ns",
      "error: stopped half way",
      "after the table",
      "",
    ]);
    assertEquals(failed.cursorHidden, false);
    assertEquals((await runTable("leak")).cursorHidden, false);
  },
});
