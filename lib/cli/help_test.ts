import { assertEquals } from "@std/assert";
import { renderHelp, usageLine } from "./help.ts";
import type { TaskSpec } from "./spec.ts";

const SPEC: TaskSpec = {
  name: "vm-run",
  summary: "Run one command in a guest",
  description: `
Uses a kept guest where there is one, else starts a guest for this command alone.
`,
  positionals: [
    { name: "PLATFORM", help: "the guest's platform", required: true, choices: ["amd64", "arm64"] },
    { name: "LABEL", help: "for the log", repeat: true, choices: () => Promise.reject() },
  ],
  rest: { name: "CMD", help: "the command, passed through as it is", required: true },
  options: [
    {
      name: "memory",
      short: "m",
      type: "number",
      unit: "MiB",
      min: 256,
      max: 65536,
      default: 1024,
      help: "memory of the guest",
    },
    { name: "boot-timeout", type: "number", unit: "s", min: 1, help: "how long a boot may take" },
    {
      name: "accel",
      type: "string",
      value: "ACCEL",
      choices: ["auto", "kvm", "hvf", "tcg"],
      default: "auto",
      env: "GUESTHOUSE_ACCEL",
      help: "accelerator",
    },
    {
      name: "forward-everything-to",
      type: "string",
      value: "HOST:PORT",
      repeat: true,
      default: ["localhost:80", "localhost:81"],
      help: "an option with a long name and a long help text that has to go on in the next line",
    },
    { name: "color", type: "boolean", default: true, help: "print without colour" },
    { name: "eval", type: "string", value: "CODE", onlyFor: ["amd64"], help: "instead of CMD" },
  ],
  conflicts: [{ between: ["eval", "CMD"] }, { between: ["color", "eval"], why: "so it is" }],
  omit: ["yes"],
  examples: [{ goal: "See the kernel", command: "deno task vm-run amd64 -- uname -a" }],
  runs: "qemu-system-x86_64 ... \nssh ci@guest CMD",
  env: [{ name: "NO_COLOR", help: "print without colour" }],
  exits: [{ status: "other", help: "the status of CMD" }],
  group: "vm",
};

Deno.test("renderHelp() shows the whole spec", () => {
  assertEquals(
    renderHelp(SPEC),
    `\
vm-run: Run one command in a guest

usage: deno task vm-run [options] PLATFORM [LABEL...] -- CMD...

Uses a kept guest where there is one, else starts a guest for this command alone.

Arguments:
  PLATFORM   the guest's platform; amd64 | arm64
  LABEL      for the log
  -- CMD...  the command, passed through as it is

Options:
  -m, --memory N        memory of the guest; 256 to 65536 MiB; default 1024 MiB
      --boot-timeout N  how long a boot may take; at least 1 s
      --accel ACCEL     accelerator; auto | kvm | hvf | tcg; default auto
      --forward-everything-to HOST:PORT
                        an option with a long name and a long help text that has to go on
                        in the next line; may be repeated; default localhost:80,
                        localhost:81
      --no-color        print without colour; not with --eval
      --eval CODE       instead of CMD; only for amd64; not with -- CMD, --no-color
      --json            print one JSON document on standard output
      --dry-run         print the exact commands without running them
  -q, --quiet           print only warnings and errors; not with --verbose
  -v, --verbose         print every command that runs; not with --quiet
  -h, --help            print this help

Environment variables:
  NO_COLOR          print without colour
  GUESTHOUSE_ACCEL  the default of --accel

Exit status:
  0      done
  1      the work failed
  2      wrong usage or configuration
  3      something is missing on the host
  4      the guest did not start, or stopped unexpectedly
  130    interrupted
  other  the status of CMD

Examples:
  See the kernel:
    deno task vm-run amd64 -- uname -a

Runs underneath:
  qemu-system-x86_64 ...
  ssh ci@guest CMD
`,
  );
});

Deno.test("renderHelp() leaves out what a task does not have", () => {
  const bare: TaskSpec = {
    name: "check",
    summary: "Look at the host",
    omit: ["json", "dry-run", "yes", "quiet", "verbose"],
    examples: [{ goal: "Look", command: "deno task check" }],
    group: "host",
  };
  assertEquals(
    renderHelp(bare),
    `\
check: Look at the host

usage: deno task check [options]

Options:
  -h, --help  print this help

Exit status:
  0    done
  1    the work failed
  2    wrong usage or configuration
  3    something is missing on the host
  4    the guest did not start, or stopped unexpectedly
  130  interrupted

Examples:
  Look:
    deno task check
`,
  );
});

Deno.test("usageLine() brackets optional arguments", () => {
  const base: TaskSpec = { name: "t", summary: "T", examples: [], group: "g" };
  const one = (extra: Partial<TaskSpec>) => usageLine({ ...base, ...extra });
  assertEquals(one({}), "deno task t [options]");
  assertEquals(
    one({ positionals: [{ name: "P", help: "p", required: true, repeat: true }] }),
    "deno task t [options] P...",
  );
  assertEquals(one({ rest: { name: "CMD", help: "c" } }), "deno task t [options] [-- CMD...]");
  assertEquals(
    one({ rest: { name: "CMD", help: "c", required: true, unless: "eval" } }),
    "deno task t [options] [-- CMD...]",
  );
});
