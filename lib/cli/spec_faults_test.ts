import { assertEquals } from "@std/assert";
import type { TaskSpec } from "./spec.ts";
import { specFaults } from "./spec_faults_testing.ts";

const SOUND: TaskSpec = {
  name: "build-vm",
  summary: "Build in a guest",
  positionals: [{ name: "PLATFORM", help: "where", required: true }, {
    name: "STEP",
    help: "what",
  }],
  options: [
    { name: "memory", short: "m", type: "number", default: 512, help: "guest memory" },
    { name: "exclude", type: "string", repeat: true, default: ["x"], help: "pattern" },
  ],
  examples: [{ goal: "Build", command: "deno task build-vm debian-amd64" }],
  group: "ci",
};

Deno.test("specFaults() finds no fault in a valid spec", () => {
  assertEquals(specFaults(SOUND), []);
});

Deno.test("specFaults() finds each kind of mistake", () => {
  const cases: [change: Partial<TaskSpec>, faults: string[]][] = [
    [{ summary: "build." }, [
      "the summary is not one line that starts with a capital and ends without a full stop",
    ]],
    [{ options: [{ name: "quick", short: "q", type: "boolean", help: "be quick" }] }, [
      'option "q" is there twice',
    ]],
    [{ options: [{ name: "Mem_ory", short: "mm", type: "number", help: "" }] }, [
      'option "Mem_ory" is not in kebab-case',
      'short option "mm" is not one letter',
      'help of "Mem_ory" is empty or a sentence',
    ]],
    [{ options: [{ name: "jobs", type: "number", repeat: true, default: "2", help: "x" }] }, [
      'option "jobs" repeats but is no string',
      'default of "jobs" is no number',
    ]],
    [{
      positionals: [
        { name: "A", help: "a", repeat: true },
        { name: "B", help: "b", required: true },
      ],
    }, ["A repeats but is not the last", "B is required after an optional one"]],
    [{ options: [{ name: "fs", type: "string", choices: ["a"], default: "b", help: "x" }] }, [
      'default of "fs" is none of its choices',
    ]],
    [{ options: [{ name: "keep", type: "boolean", env: "KEEP", help: "x" }] }, [
      'option "keep" has a variable but takes no single value',
    ]],
    [{ conflicts: [{ between: ["memory", "disk"] }] }, [
      'a conflict names "disk", which does not exist',
    ]],
    [{
      options: [{ name: "fs", type: "string", env: "FS", help: "x" }],
      conflicts: [{ between: ["fs", "PLATFORM"] }],
    }, ['option "fs" has a variable and a conflict']],
    [{ rest: { name: "CMD", help: "c", required: true, unless: "eval" } }, [
      'CMD names option "eval", which does not exist',
    ]],
    [{ positionals: [], options: [{ name: "fs", type: "string", onlyFor: ["raw"], help: "x" }] }, [
      'option "fs" is for values of a positional that may be left out',
    ]],
    [{ examples: [] }, ["there is no example"]],
    [{ examples: [{ goal: "g", command: "deno task build-all" }] }, [
      'example "deno task build-all" does not call the task',
    ]],
  ];
  for (const [change, faults] of cases) assertEquals(specFaults({ ...SOUND, ...change }), faults);
});
