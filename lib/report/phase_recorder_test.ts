import { assertEquals } from "@std/assert";
import { recordPhases } from "./phase_recorder.ts";

/** A clock that is set by hand, and a progress that notes what it is told. */
function setUp() {
  const told: string[] = [];
  const time = { seconds: 0 };
  const recorder = recordPhases({
    phase: (name, phase) => told.push(`${name}: ${phase}`),
    lines: (name, lines) => told.push(`${name}> ${lines}`),
    warning: (text) => told.push(text),
  }, () => time.seconds);
  return { told, time, recorder };
}

Deno.test("recordPhases() ends a phase with the next one of the same build", () => {
  const { time, recorder: { progress, finish, spans } } = setUp();
  progress.phase("a", "boot");
  time.seconds = 2;
  progress.phase("b", "boot");
  time.seconds = 5;
  progress.phase("a", "sync");
  time.seconds = 7.5;
  finish("a");
  assertEquals(spans("a"), [
    { phase: "boot", fromSeconds: 0, toSeconds: 5 },
    { phase: "sync", fromSeconds: 5, toSeconds: 7.5 },
  ]);
  assertEquals(spans("b"), []);
  time.seconds = 9;
  finish("b");
  assertEquals(spans("b"), [{ phase: "boot", fromSeconds: 2, toSeconds: 9 }]);
});

Deno.test("recordPhases() passes everything on", () => {
  const { told, recorder: { progress } } = setUp();
  progress.phase("a", "boot");
  progress.lines("a", ["text"]);
  assertEquals(told, ["a: boot", "a> text"]);
});

Deno.test("recordPhases() keeps phases of one name apart, and accepts a build without phases", () => {
  const { time, recorder: { progress, finish, spans } } = setUp();
  finish("a");
  assertEquals(spans("a"), []);
  progress.phase("a", "step");
  time.seconds = 1;
  progress.phase("a", "step");
  finish("a");
  finish("a");
  assertEquals(spans("a"), [
    { phase: "step", fromSeconds: 0, toSeconds: 1 },
    { phase: "step", fromSeconds: 1, toSeconds: 1 },
  ]);
});
