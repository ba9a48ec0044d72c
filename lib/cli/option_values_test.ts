// What the compiler knows of a task's arguments: `deno check` is the test.
import { assertEquals } from "@std/assert";
import type { ContextOf } from "./context.ts";
import { camelCase } from "./option_values.ts";
import { parseArguments } from "./parse.ts";
import type { OptionSpec, PositionalSpec, TaskSpec } from "./spec.ts";

/** Whether two types are the same one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

const ACCEL = {
  name: "accel",
  type: "string",
  choices: ["auto", "kvm", "hvf", "tcg"],
  default: "auto",
  help: "how",
} as const satisfies OptionSpec;

const SPEC = {
  name: "build-vm",
  summary: "Build in a guest",
  positionals: [
    { name: "PLATFORM", help: "where", required: true, choices: () => Promise.resolve(["a"]) },
    { name: "ARCH", help: "of what", choices: ["x86_64", "aarch64"] },
    { name: "STEP", help: "what", repeat: true },
  ],
  options: [
    ACCEL,
    { name: "retries", type: "number", default: 3, help: "how often" },
    { name: "boot-ms", type: "number", help: "how long" },
    { name: "kernel", type: "string", choices: ["micro", "distribution"], help: "which" },
    { name: "only", type: "string", repeat: true, choices: ["boot", "build"], help: "what" },
    { name: "exclude", type: "string", repeat: true, help: "pattern" },
    { name: "shell-on-first-failure", type: "boolean", help: "open a shell" },
  ],
  examples: [],
  group: "test",
} as const satisfies TaskSpec;

interface Expected {
  readonly accel: "auto" | "kvm" | "hvf" | "tcg";
  readonly retries: number;
  readonly bootMs: number | undefined;
  readonly kernel: "micro" | "distribution" | undefined;
  readonly only: readonly ("boot" | "build")[];
  readonly exclude: readonly string[];
  readonly shellOnFirstFailure: boolean;
}

type Context = ContextOf<typeof SPEC>;

true satisfies Same<{ [Name in keyof Context["opt"]]: Context["opt"][Name] }, Expected>;
true satisfies Same<
  Context["positionals"],
  readonly [string, ("x86_64" | "aarch64")?, ...readonly string[]]
>;

const BARE = { name: "check", summary: "Look", examples: [], group: "test" } as const;
true satisfies Same<ContextOf<typeof BARE>["positionals"], readonly []>;

/** Never called: what it does wrong, the compiler has to find. */
export function misuse(ctx: Context, bare: ContextOf<typeof BARE>): unknown[] {
  return [
    // @ts-expect-error an option that the task does not have
    ctx.opt.acel,
    // @ts-expect-error its name is in camelCase
    ctx.opt["boot-ms"],
    // @ts-expect-error no such choice
    ctx.opt.accel === "xen",
    // @ts-expect-error it may be undefined
    ctx.opt.bootMs + 1,
    // @ts-expect-error the task has no options at all
    bare.opt.accel,
    // @ts-expect-error it takes no arguments
    bare.positionals[0],
  ];
}

// A positional that an option makes optional may be undefined.
const UNLESS = {
  ...BARE,
  positionals: [{ name: "SHELL", help: "which", required: true, unless: "list" }],
} as const satisfies TaskSpec & { readonly positionals: readonly PositionalSpec[] };
true satisfies Same<ContextOf<typeof UNLESS>["positionals"], readonly [string?]>;

Deno.test("a task's values have at run time what their types promise", async () => {
  const args = ["a", "aarch64", "x", "y", "--boot-ms=5", "--only", "boot"];
  const { opt, positionals } = await parseArguments(SPEC, [...args, "--shell-on-first-failure"]);
  const own: Expected = opt;
  const { accel, retries, bootMs, kernel, only, exclude, shellOnFirstFailure } = own;
  assertEquals({ accel, retries, bootMs, kernel, only, exclude, shellOnFirstFailure }, {
    accel: "auto",
    retries: 3,
    bootMs: 5,
    kernel: undefined,
    only: ["boot"],
    exclude: [],
    shellOnFirstFailure: true,
  });
  assertEquals<readonly unknown[]>(positionals, ["a", "aarch64", "x", "y"]);
});

Deno.test("camelCase() joins the words of a name", () => {
  const joined: "dryRun" = camelCase("dry-run");
  assertEquals([joined, camelCase("json"), camelCase("a-b-c")], ["dryRun", "json", "aBC"]);
});
