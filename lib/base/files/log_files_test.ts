import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { sandbox } from "../host_testing.ts";
import { startLogs } from "./log_files.ts";
import { recordCut, recordError } from "../../ci/build_options.ts";
import { newResult } from "../../report/build_result.ts";

/** A directory for logs that goes when the test ends, and is made by the code under test. */
async function makeLogsDir(): Promise<{ dir: string } & AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const dir = join(stack.use(await sandbox()).path, "logs");
  stack.use(await sandbox({ GUESTHOUSE_LOGS: dir }));
  return { dir, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("startLogs() names the three logs of a build and writes the first at once", async () => {
  await using logs = await makeLogsDir();
  await using files = await startLogs("debian-amd64");
  assertEquals(
    [files.build, files.console, files.qemu],
    ["debian-amd64.log", "debian-amd64.console.log", "debian-amd64.qemu.log"]
      .map((name) => join(logs.dir, name)),
  );
  files.write("configure\n");
  assertEquals(await Deno.readTextFile(files.build), "configure\n");
  files.write("grüße 日本語\n".repeat(20_000));
  const text = await Deno.readTextFile(files.build);
  assertEquals(text, `configure\n${"grüße 日本語\n".repeat(20_000)}`);
});

Deno.test("startLogs() replaces the logs of a finished build of that name", async () => {
  await using _logs = await makeLogsDir();
  let former: string;
  {
    await using files = await startLogs("native");
    former = files.build;
    files.write("a longer text of the former build\n");
    await Deno.writeTextFile(files.console, "panic\n");
    await Deno.writeTextFile(files.qemu, "error\n");
  }
  await using files = await startLogs("native");
  assertEquals(files.build, former);
  files.write("short\n");
  assertEquals(await Deno.readTextFile(files.build), "short\n");
  for (const path of [files.console, files.qemu]) {
    assertEquals(await Deno.stat(path).catch(() => "gone"), "gone", path);
  }
});

Deno.test("startLogs() leaves the logs of builds that are under way alone", async () => {
  await using logs = await makeLogsDir();
  await using first = await startLogs("debian-amd64");
  first.write("first\n");
  await Deno.writeTextFile(first.console, "booting\n");
  const second = await startLogs("debian-amd64");
  await using third = await startLogs("debian-amd64");
  assertEquals(
    [second.build, second.console, third.qemu],
    ["debian-amd64-2.log", "debian-amd64-2.console.log", "debian-amd64-3.qemu.log"]
      .map((name) => join(logs.dir, name)),
  );
  assertEquals(await Deno.readTextFile(first.build), "first\n");
  assertEquals(await Deno.readTextFile(first.console), "booting\n");
  await second[Symbol.asyncDispose]();
  await using again = await startLogs("debian-amd64");
  assertEquals(again.build, second.build);
});

Deno.test("startLogs() gives two builds that start at once logs of their own", async () => {
  await using _logs = await makeLogsDir();
  const all = await Promise.all(Array.from({ length: 8 }, () => startLogs("debian-amd64")));
  await using stack = new AsyncDisposableStack();
  all.forEach((files) => stack.use(files));
  assertEquals(new Set(all.map(({ build }) => build)).size, 8);
});

Deno.test("LogFiles.write() is refused once the logs are disposed", async () => {
  await using _logs = await makeLogsDir();
  const files = await startLogs("native");
  await files[Symbol.asyncDispose]();
  assertThrows(() => files.write("late\n"), Deno.errors.BadResource);
});

Deno.test("LogFiles.output() drops what is beyond the limit, and says so once", async () => {
  await using _logs = await makeLogsDir();
  await using files = await startLogs("native", { limitBytes: 10 });
  files.write("== begin\n");
  files.output("12345678");
  assertEquals(files.droppedBytes, 0);
  files.output("90abc");
  files.output("more\n".repeat(1000));
  files.write("== end\n");
  assertEquals(
    await Deno.readTextFile(files.build),
    "== begin\n1234567890\n" +
      "== the log is cut: it takes 10 B of output, and the rest was dropped\n== end\n",
  );
  assertEquals(files.droppedBytes, 3 + 5000);
});

Deno.test("a truncated log is reported in the result and to the user", async () => {
  await using _logs = await makeLogsDir();
  await using files = await startLogs("native", { limitBytes: 1 });
  const result = newResult("native");
  const warnings: string[] = [];
  const progress = { phase() {}, lines() {}, warning: (text: string) => void warnings.push(text) };
  recordCut(result, files, progress);
  assertEquals([result.notes, warnings], [undefined, []]);
  files.output("long");
  recordCut(result, files, progress);
  assertEquals(result.notes?.length, 1);
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0] ?? "", files.build);
});

Deno.test("a full disk is the host's fault, and nothing more is written to its log", async () => {
  await using _logs = await makeLogsDir();
  await using files = await startLogs("native");
  const result = newResult("native");
  const { signal } = new AbortController();
  await recordError(result, new Error("No space left on device (os error 28)"), files, signal);
  assertEquals([result.status, result.exit], ["error", 3]);
  assertEquals(
    result.error?.message,
    "Cannot finish the build on native: a disk of this host is full",
  );
  await assertRejects(() => recordError(result, new Error("a bug"), files, signal), Error, "a bug");
});
