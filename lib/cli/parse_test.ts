import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { formatError, UsageError } from "./errors.ts";
import { parseArguments } from "./parse.ts";
import type { TaskSpec } from "./spec.ts";

const SPEC: TaskSpec = {
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
};

const DEFAULTS = {
  memory: 1024,
  scale: undefined,
  accel: "auto",
  exclude: [],
  artifact: ["bin/*"],
  keep: false,
  color: true,
  json: false,
  "dry-run": false,
  quiet: false,
  verbose: false,
  help: false,
};

Deno.test("parseArguments() fills in defaults", async () => {
  assertEquals(await parseArguments(SPEC, ["debian-amd64"]), {
    values: DEFAULTS,
    positionals: ["debian-amd64"],
    rest: [],
  });
});

Deno.test("parseArguments() reads values by their type", async () => {
  const { values, positionals } = await parseArguments(SPEC, [
    ...["--no-color", "-m256", "debian-arm64", "--scale", "1.5", "--accel=tcg"],
    ...["-x", "", "--exclude=007", "-xtrue", "--artifact", "lib", "configure", "--keep", "test"],
  ]);
  assertEquals(values, {
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

Deno.test("parseArguments() takes the last of an option that does not repeat", async () => {
  const { values } = await parseArguments(SPEC, ["-m200", "-m300", "debian-amd64"]);
  assertEquals(values.memory, 300);
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

async function faultText(args: string[], spec = SPEC): Promise<string> {
  return formatError(await assertRejects(() => parseArguments(spec, args), UsageError));
}

Deno.test("parseArguments() says what is wrong, the usage and the next step", async () => {
  const cases: [args: string[], text: string][] = [
    [[], 'Cannot run "build-vm": missing argument PLATFORM'],
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

Deno.test("parseArguments() gives back what was rendered to a command line", async () => {
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
    assertEquals(await parseArguments(spec, args), {
      values: { ...DEFAULTS, memory, accel, exclude, keep, color },
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
