import type { TaskSpec } from "../spec.ts";

/** Specs that show each thing which completion has to know. */
export const COMPLETION_SPECS: readonly TaskSpec[] = [
  {
    name: "build-vm",
    summary: "Build in a guest",
    positionals: [{
      name: "PLATFORM",
      help: "where",
      repeat: true,
      choices: ["debian-amd64", "debian-arm64"],
    }],
    options: [
      {
        name: "accel",
        short: "a",
        type: "string",
        choices: ["auto", "kvm", "tcg"],
        help: "accelerator",
      },
      { name: "project", type: "string", value: "DIR", help: "the project" },
      { name: "exclude", type: "string", repeat: true, value: "GLOB", help: "pattern" },
      { name: "color", type: "boolean", default: true, help: "print without colour" },
    ],
    examples: [],
    group: "test",
  },
  {
    name: "vm-run",
    summary: "Run one command in a guest",
    positionals: [{ name: "FILE", help: "what" }],
    rest: { name: "CMD", help: "the command" },
    options: [{ name: "memory", type: "number", help: "guest memory" }],
    examples: [],
    group: "test",
  },
  {
    name: "vm-stop",
    summary: "Stop a kept guest",
    positionals: [{
      name: "GUEST",
      help: "which",
      suggestions: () => Promise.resolve(["ci-1", "ci-2"]),
    }],
    examples: [],
    group: "test",
  },
];
