import { assertEquals, assertRejects } from "@std/assert";
import { GuestError, HostError, TaskError, WorkError } from "../base/errors.ts";
import { newResult } from "../report/build_result.ts";
import { recordCut, recordError, stepError } from "./build_options.ts";

function makeLog(droppedBytes = 0) {
  const written: string[] = [];
  return {
    ...{ build: "/logs/p.log", console: "/logs/p.console.log", qemu: "/logs/p.qemu.log" },
    ...{ written, droppedBytes, output: () => {} },
    write: (text: string) => void written.push(text),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** What {@link recordError} makes of an error. */
async function recorded(thrown: unknown, signal = new AbortController().signal) {
  const [result, log] = [newResult("p"), makeLog()];
  await recordError(result, thrown, log, signal);
  const { status, exit, error } = result;
  return { status, exit, next: error?.next, log: log.written.join("") };
}

Deno.test("recordError() blames the project for failed steps, and the host or guest for other errors", async () => {
  const timeout = await recorded(new DOMException("no end within 5 s", "TimeoutError"));
  assertEquals([timeout.status, timeout.exit], ["fail", undefined]);
  assertEquals(timeout.next, 'set "timeouts" in guesthouse.json');
  const cases: [TaskError, string][] = [
    [new WorkError("x"), "fail"],
    [new HostError("x"), "error"],
    [new GuestError("x"), "error"],
  ];
  for (const [error, status] of cases) {
    const { status: found, exit } = await recorded(error);
    assertEquals([found, exit], [status, error.exit], error.name);
  }
});

Deno.test("recordError() adds a next step to a guest's fault, and keeps a more specific one", async () => {
  assertEquals(
    (await recorded(new GuestError("x"))).next,
    "deno task ci-diagnose /logs/p.console.log",
  );
  assertEquals((await recorded(new GuestError("x", { next: "wait" }))).next, "wait");
  assertEquals((await recorded(new HostError("x"))).next, undefined);
});

Deno.test("recordError() also writes to the log", async () => {
  const { log } = await recorded(new HostError("no QEMU", { details: ["a", "b"], next: "get it" }));
  assertEquals(log, "== no QEMU\na\nb\nnext: get it\n");
});

Deno.test("recordError() attributes everything after a signal to it", async () => {
  const { status, exit, next } = await recorded(new GuestError("gone"), AbortSignal.abort());
  assertEquals([status, exit, next], ["interrupted", undefined, undefined]);
});

Deno.test("recordError() does not treat a bug as a result of a build", async () => {
  await assertRejects(() => recorded(new TypeError("bug")), TypeError, "bug");
});

Deno.test("stepError() shows a step's last lines, and what the network has to do with it", () => {
  const failed = { name: "build", command: ["make", "-j2"], code: 2, tail: ["error: x"] };
  assertEquals(stepError("p", failed, "/logs/p.log"), {
    message: 'Step "build" failed on p: make exited with status 2',
    ...{ details: ["error: x"], next: "less /logs/p.log" },
  });
  const network = { details: ["x.example was refused"], next: "allow it" };
  assertEquals(stepError("p", failed, "/logs/p.log", network)?.details, [
    ...["error: x", "x.example was refused"],
  ]);
  assertEquals(stepError("p", failed, "/logs/p.log", network)?.next, "allow it");
});

Deno.test("recordCut() reports truncated logs only", () => {
  const warnings: string[] = [];
  const progress = {
    phase: () => {},
    lines: () => {},
    warning: (text: string) => void warnings.push(text),
  };
  const [whole, cut] = [newResult("p"), newResult("p")];
  recordCut(whole, makeLog(), progress);
  recordCut(cut, makeLog(1), progress);
  assertEquals([whole.notes, cut.notes?.length], [undefined, 1]);
  assertEquals(warnings, [`p: ${cut.notes?.[0]}: /logs/p.log`]);
});
