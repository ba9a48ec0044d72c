import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { formatError, UsageError } from "../base/errors.ts";
import { parseArguments } from "./parse.ts";
import type { TaskSpec } from "./spec.ts";

const SPEC = {
  name: "build-vm",
  summary: "Build in a guest",
  positionals: [
    {
      name: "PLATFORM",
      help: "where",
      required: true,
      choices: () => Promise.resolve(["debian-amd64", "debian-arm64"]),
    },
    { name: "STEP", help: "what", repeat: true },
  ],
  options: [
    {
      name: "memory",
      short: "m",
      type: "number",
      unit: "MiB",
      min: 128,
      max: 65536,
      default: 1024,
      help: "guest memory",
    },
    { name: "scale", type: "number", min: 0, fraction: true, help: "of timeouts" },
    {
      name: "accel",
      type: "string",
      choices: ["auto", "kvm", "tcg"],
      default: "auto",
      help: "how",
    },
    { name: "exclude", short: "x", type: "string", repeat: true, help: "pattern" },
    { name: "artifact", type: "string", repeat: true, default: ["bin/*"], help: "what to keep" },
    { name: "keep", type: "boolean", help: "leave it up" },
    { name: "color", type: "boolean", default: true, help: "use colour" },
  ],
  omit: ["yes"],
  examples: [],
  group: "test",
} as const satisfies TaskSpec;

const DEFAULTS = {
  memory: 1024,
  scale: undefined,
  accel: "auto",
  exclude: [],
  artifact: ["bin/*"],
  keep: false,
  color: true,
  json: false,
  dryRun: false,
  quiet: false,
  verbose: false,
  help: false,
};

Deno.test("parseArguments() fills in defaults", async () => {
  assertEquals<unknown>(await parseArguments(SPEC, ["debian-amd64"]), {
    opt: DEFAULTS,
    positionals: ["debian-amd64"],
    rest: [],
  });
});

Deno.test("parseArguments() reads values by their type", async () => {
  const { opt, positionals } = await parseArguments(SPEC, [
    ...["--no-color", "-m256", "debian-arm64", "--scale", "1.5", "--accel=tcg"],
    ...["-x", "", "--exclude=007", "-xtrue", "--artifact", "lib", "configure", "--keep", "test"],
  ]);
  assertEquals<unknown>(opt, {
    ...DEFAULTS,
    memory: 256,
    scale: 1.5,
    accel: "tcg",
    exclude: ["", "007", "true"],
    artifact: ["lib"],
    keep: true,
    color: false,
  });
  assertEquals(positionals, ["debian-arm64", "configure", "test"]);
});

Deno.test("parseArguments() takes the last value of an option that does not repeat", async () => {
  const { opt } = await parseArguments(SPEC, ["-m200", "-m300", "debian-amd64"]);
  assertEquals(opt.memory, 300);
});

Deno.test("parseArguments() reads what follows -- as arguments, or as it is for a rest", async () => {
  const args = ["debian-amd64", "--", "--keep"];
  const plain = await parseArguments(SPEC, args);
  assertEquals([plain.positionals, plain.rest], [["debian-amd64", "--keep"], []]);

  const rest = { name: "CMD", help: "command", required: true };
  const through = await parseArguments({ ...SPEC, rest }, args);
  assertEquals([through.positionals, through.rest], [["debian-amd64"], ["--keep"]]);
});

const USAGE = `  usage: deno task build-vm [options] PLATFORM [STEP...]
  next: deno task build-vm --help`;

async function faultText(args: string[], spec: TaskSpec = SPEC): Promise<string> {
  return formatError(await assertRejects(() => parseArguments(spec, args), UsageError));
}

Deno.test("parseArguments() says what is wrong, the usage and the next step", async () => {
  const cases: [args: string[], text: string][] = [
    [
      [],
      `Cannot run "build-vm": missing argument PLATFORM
  PLATFORM is one of debian-amd64, debian-arm64`,
    ],
    [
      ["debian-amd46"],
      `Cannot run "build-vm": unknown PLATFORM "debian-amd46", did you mean "debian-amd64"?
  PLATFORM is one of debian-amd64, debian-arm64`,
    ],
    [
      ["debian-amd64", "--memory=lots"],
      'Cannot run "build-vm": --memory must be a whole number of MiB from 128 to 65536, found "lots"',
    ],
    [
      ["debian-amd64", "--accel=kvn"],
      `Cannot run "build-vm": unknown --accel "kvn", did you mean "kvm"?
  --accel is one of auto, kvm, tcg`,
    ],
    [
      ["debian-amd64", "--quiet", "--verbose"],
      'Cannot run "build-vm": --quiet and --verbose exclude each other',
    ],
    [["debian-amd64", "--yes"], 'Cannot run "build-vm": unknown option "--yes"'],
    [
      ["windows", "--memroy", "5", "--scale=-1", "--accel"],
      `Cannot run "build-vm": 3 faults in its arguments
  unknown option "--memroy", did you mean "--memory"?
  --accel needs a value: --accel VALUE
  --scale must be a number, 0 or more, found "-1"`,
    ],
  ];
  for (const [args, text] of cases) assertEquals(await faultText(args), `${text}\n${USAGE}`);
});

Deno.test("parseArguments() explains where a command goes", async () => {
  const rest = { name: "CMD", help: "command", required: true };
  const spec: TaskSpec = { ...SPEC, name: "vm-run", positionals: [], options: [], rest };
  assertEquals(
    await faultText(["uname", "-a"], spec),
    `Cannot run "vm-run": 2 faults in its arguments
  unknown option "-a"
  missing argument -- CMD
  CMD goes after "--"
  usage: deno task vm-run [options] -- CMD...
  next: deno task vm-run --help`,
  );
  assertEquals(
    await faultText(["uname"], spec),
    `Cannot run "vm-run": 2 faults in its arguments
  unexpected argument "uname"
  missing argument -- CMD
  CMD goes after "--"
  usage: deno task vm-run [options] -- CMD...
  next: deno task vm-run --help`,
  );
});

const RULES = {
  name: "vm-run",
  summary: "Run a command",
  positionals: [
    { name: "PLATFORM", help: "where", required: true },
    { name: "LOG", help: "into", repeat: true },
  ],
  rest: { name: "CMD", help: "command", required: true, unless: "eval" },
  options: [
    { name: "eval", type: "string", onlyFor: ["raw", "python"], help: "code" },
    { name: "keep", short: "k", type: "boolean", help: "leave it up" },
    { name: "incremental", type: "boolean", help: "keep the cache" },
    { name: "color", type: "boolean", default: true, help: "use colour" },
    { name: "run", type: "number", help: "which run" },
    {
      name: "accel",
      type: "string",
      choices: ["auto", "kvm", "tcg"],
      default: "auto",
      env: "TEST_ACCEL",
      help: "how",
    },
    { name: "memory", type: "number", unit: "MiB", min: 128, env: "TEST_MEMORY", help: "size" },
  ],
  conflicts: [
    { between: ["keep", "incremental"], why: "the guest would keep the cache" },
    { between: ["LOG", "run"] },
    { between: ["color", "keep"] },
    { between: ["eval", "CMD"], why: "each says what to run" },
  ],
  examples: [],
  group: "test",
} as const satisfies TaskSpec;

/** The first line of what `RULES` says to a command line, and its details. */
async function ruleFaults(args: string[], env: Record<string, string> = {}): Promise<string[]> {
  const error = await assertRejects(
    () => parseArguments(RULES, args, (name) => env[name]),
    UsageError,
  );
  assertEquals([error.exit, error.next], [2, "deno task vm-run --help"]);
  return [error.message, ...error.details.filter((line) => !line.startsWith("usage: "))];
}

const conflicting: { args: string[]; fault: string }[] = [
  {
    args: ["raw", "-k", "--incremental", "--", "true"],
    fault: "--keep and --incremental exclude each other: the guest would keep the cache",
  },
  {
    args: ["raw", "--run=1", "a.log", "--", "true"],
    fault: "LOG and --run exclude each other",
  },
  {
    args: ["raw", "--no-color", "--keep", "--", "true"],
    fault: "--no-color and --keep exclude each other",
  },
  {
    args: ["raw", "--eval=", "--", "true"],
    fault: "--eval and -- CMD exclude each other: each says what to run",
  },
  {
    args: ["raw", "-qv", "--", "true"],
    fault: "--quiet and --verbose exclude each other",
  },
  {
    args: ["debian-amd64", "--eval", "1"],
    fault: '--eval is only for raw, python, not for "debian-amd64"',
  },
  { args: ["raw"], fault: "missing argument -- CMD, or --eval" },
  { args: ["debian-amd64"], fault: "missing argument -- CMD" },
];
for (const { args, fault } of conflicting) {
  Deno.test(`parseArguments() refuses ${args.join(" ")}`, async () => {
    assertEquals(await ruleFaults(args), [`Cannot run "vm-run": ${fault}`]);
  });
}

Deno.test("parseArguments() tells conflicts beside other faults", async () => {
  assertEquals(
    await ruleFaults(["raw", "--keep", "--incremental", "-qv", "--memory=1", "--", "a"]),
    [
      'Cannot run "vm-run": 3 faults in its arguments',
      '--memory must be a whole number of MiB, 128 or more, found "1"',
      "--keep and --incremental exclude each other: the guest would keep the cache",
      "--quiet and --verbose exclude each other",
    ],
  );
  // The word may be the value of the unknown option, so it is in no conflict.
  assertEquals(await ruleFaults(["raw", "--run=1", "--lgo", "a.log", "--", "a"]), [
    'Cannot run "vm-run": unknown option "--lgo"',
  ]);
});

Deno.test("parseArguments() finds no conflict in one of two options, nor in a default", async () => {
  for (const args of [["--keep"], ["--incremental"], ["--no-color"], ["--run=1"], ["-q"], ["-v"]]) {
    await parseArguments(RULES, ["raw", ...args, "--", "true"]);
  }
  assertEquals((await parseArguments(RULES, ["python", "--eval", "1"])).opt.eval, "1");
});

Deno.test("parseArguments() takes a default from the environment, below the command line", async () => {
  const env: Record<string, string> = { TEST_ACCEL: "tcg", TEST_MEMORY: "256" };
  const opt = async (variables: Record<string, string>, ...args: string[]) => {
    const parsed = await parseArguments(
      RULES,
      ["raw", ...args, "--", "a"],
      (name) => variables[name],
    );
    return [parsed.opt.accel, parsed.opt.memory];
  };
  assertEquals(await opt({}), ["auto", undefined]);
  assertEquals(await opt(env), ["tcg", 256]);
  assertEquals(await opt(env, "--accel=kvm", "--memory", "512"), ["kvm", 512]);
  assertEquals(await opt({ TEST_ACCEL: "", TEST_MEMORY: "" }), ["auto", undefined]);
});

Deno.test("parseArguments() names the variable whose value is at fault", async () => {
  const args = ["raw", "--", "a"];
  assertEquals(await ruleFaults(args, { TEST_ACCEL: "kvn" }), [
    'Cannot run "vm-run": unknown TEST_ACCEL "kvn", did you mean "kvm"?',
    "TEST_ACCEL is one of auto, kvm, tcg",
  ]);
  assertEquals(await ruleFaults(args, { TEST_MEMORY: "lots" }), [
    'Cannot run "vm-run": TEST_MEMORY must be a whole number of MiB, 128 or more, found "lots"',
  ]);
  // What the command line says counts, so a variable that is not used is no fault.
  await parseArguments(RULES, ["raw", "--accel=kvm", "--", "a"], () => "128");
});

Deno.test("parseArguments() accepts only plain decimal numbers", async () => {
  for (const text of ["", " ", "0x200", "1e3", "5.5", "Infinity", "NaN", "9007199254740993"]) {
    const spec: TaskSpec = {
      ...SPEC,
      options: [{ name: "jobs", type: "number", help: "how many" }],
    };
    await assertRejects(
      () => parseArguments(spec, ["debian-amd64", `--jobs=${text}`]),
      UsageError,
      `--jobs must be a whole number, found "${text}"`,
    );
  }
});

Deno.test("parseArguments() parses what was rendered to a command line", async () => {
  const line = fc.record({
    memory: fc.integer({ min: 128, max: 65536 }),
    exclude: fc.array(fc.string({ unit: "grapheme" }), { maxLength: 4 }),
    accel: fc.constantFrom("auto", "kvm", "tcg"),
    keep: fc.boolean(),
    color: fc.boolean(),
    steps: fc.array(fc.string().filter((text) => !text.startsWith("-")), { maxLength: 3 }),
    form: fc.constantFrom("long", "equals", "short"),
    rest: fc.array(fc.oneof(fc.string(), fc.constantFrom("--", "--keep", "-x")), { maxLength: 4 }),
    order: fc.infiniteStream(fc.boolean()),
  });
  const spec: TaskSpec = { ...SPEC, rest: { name: "CMD", help: "command" } };
  await fc.assert(fc.asyncProperty(line, async (wanted) => {
    const { memory, exclude, accel, keep, color, steps, form, rest, order } = wanted;
    const memoryWords = {
      long: ["--memory", `${memory}`],
      equals: [`--memory=${memory}`],
      short: [`-m${memory}`],
    }[form];
    const options = [
      memoryWords,
      [`--accel=${accel}`],
      ...exclude.map((pattern) => [`--exclude=${pattern}`]),
      keep ? ["--keep"] : [],
      color ? [] : ["--no-color"],
    ];
    const args = [...interleave(options, ["debian-amd64", ...steps], order), "--", ...rest];
    assertEquals<unknown>(await parseArguments(spec, args), {
      opt: { ...DEFAULTS, memory, accel, exclude, keep, color },
      positionals: ["debian-amd64", ...steps],
      rest,
    });
  }));
});

/** Both lists in their own order, mixed as the coin falls. */
function interleave(options: string[][], positionals: string[], coin: Iterator<boolean>): string[] {
  const mixed: string[] = [];
  const left = { options: [...options], positionals: [...positionals] };
  while (left.options.length > 0 || left.positionals.length > 0) {
    const takeOption = left.positionals.length === 0 ||
      (left.options.length > 0 && coin.next().value);
    mixed.push(...takeOption ? left.options.shift()! : [left.positionals.shift()!]);
  }
  return mixed;
}
