import { z } from "zod";
import { fields } from "../config/faults.ts";
import { isGlob, LONGEST_GLOB, MOST_GLOBS } from "./globs.ts";
import { readPattern } from "./pattern.ts";
import { NETWORK_MODES, NETWORK_WANTED, normalHost } from "../config/network.ts";
import { isSafePattern, parsePlace } from "../config/place.ts";
import {
  DURATION_PATTERN,
  DURATION_WANTED,
  MEMORY_PATTERN,
  MEMORY_WANTED,
  parseDurationMs,
  parseMemoryMiB,
} from "../config/units.ts";

/** The systems that steps can be given for: those of guests, and macOS as a host. */
export const STEP_SYSTEMS = ["linux", "freebsd", "netbsd", "darwin"] as const;

/** Placeholders of a step's command; each is replaced where it is a whole word. */
const PLACEHOLDERS = ["{source}", "{build}", "{jobs}", "{flags...}"] as const;

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Text that can be an argument or a variable of a process. */
const text = (wanted: string) =>
  z.string({ error: wanted })
    .refine((text) => !text.includes("\0"), { error: `${wanted} without NUL characters` });

/** Text that fits a line of a report and a part of a file name. */
const name = (wanted: string) =>
  z.string({ error: wanted }).min(1, { error: wanted }).max(64, { error: NAME_WANTED })
    .refine((text) => !/[\p{Cc}/]/u.test(text), { error: NAME_WANTED });
const NAME_WANTED = 'a name of 1 to 64 characters without "/" and control characters';

/** A placeholder inside a longer word. In `${build}`, or among spaces, it is a shell's business. */
const PLACEHOLDER_IN_WORD = /(?<!\$)\{(?:source|build|jobs|flags\.\.\.)\}/;
const isInner = (word: string) => !/\s/.test(word) && PLACEHOLDER_IN_WORD.test(word);
const isPlaceholder = (word: string) => (PLACEHOLDERS as readonly string[]).includes(word);

const word = text("a string")
  .refine((word) => isPlaceholder(word) || !isInner(word), {
    error: `a placeholder as a word of its own (${PLACEHOLDERS.join(" ")}); ` +
      'set "cwd" for paths below {build} or {source}',
  });

const flag = text("a string, one CMake argument")
  .refine((flag) => !/(?<!\$)\{(?:jobs|flags\.\.\.)\}/.test(flag), {
    error: "no placeholder but {source} and {build}",
  });
const flags = z.array(flag, { error: "a list of CMake arguments" });

const duration = z.string({ error: DURATION_WANTED })
  .regex(DURATION_PATTERN, { error: DURATION_WANTED })
  .refine((text) => parseDurationMs(text) !== undefined, {
    error: `${DURATION_WANTED}, from 1 second to 168 hours`,
  });

const memory = z.union([
  z.number({ error: MEMORY_WANTED }),
  z.string({ error: MEMORY_WANTED }).regex(MEMORY_PATTERN, { error: MEMORY_WANTED }),
], { error: MEMORY_WANTED })
  .refine((size) => parseMemoryMiB(size) !== undefined, {
    error: `${MEMORY_WANTED}, whole MiB from 128 to 1048576`,
  });

/** As many as a long `.gitignore` has. */
const MOST_EXCLUDES = 1000;

const PLACE_WANTED = 'a path inside the project, or one that starts with "{build}/" or "{source}/"';

const step = fields({
  name: name("a name for reports")
    .describe("What reports and logs call the step."),
  run: z.array(word, { error: "a list of strings: a program and its arguments" })
    .min(1, { error: "a program and its arguments" })
    .refine((command) => command[0] !== "", { error: "a program as its first word" })
    .describe(
      "The program and its arguments. No shell reads them. These words are replaced: {source} " +
        "and {build} by the directories, {jobs} by the number of CPUs, {flags...} by the CMake flags.",
    ),
  cwd: z.string({ error: PLACE_WANTED })
    .refine((path) => parsePlace(path, "source") !== undefined, { error: PLACE_WANTED })
    .describe(
      "Where the command runs, relative to the source directory; {build} is the build directory.",
    )
    .optional(),
}, "an object with name and run").meta({ id: "step" });

const network = z.union([
  z.enum(NETWORK_MODES, { error: NETWORK_WANTED }),
  z.array(
    z.string({ error: "a host name" })
      .refine((host) => normalHost(host) !== undefined, { error: "a host name" }),
    { error: NETWORK_WANTED },
  ).min(1, { error: NETWORK_WANTED }),
], { error: NETWORK_WANTED });

const steps = z.array(step, { error: "a list of steps" }).min(1, { error: "at least one step" });

/** What a glob is below its directory. */
const below = (glob: string): string => parsePlace(glob, "build")?.path ?? "";

const GLOB_WANTED = 'a glob inside the build directory, or one that starts with "{source}/"';

/**
 * The one description of `guesthouse.json`. Validation, the published JSON schema and the types
 * all come from it. Every `error` is a noun: what is wanted there.
 */
export const projectSchema = fields({
  $schema: z.string({ error: "the path of a JSON schema" })
    .describe("For editors only.").optional(),
  name: name("a name")
    .describe("What reports call the project. Default: the name of its directory.").optional(),
  source: z.string({ error: "a directory inside the project" })
    .refine((path) => parsePlace(path, "project") !== undefined, {
      error: "a directory inside the project",
    })
    .describe("The directory with the CMakeLists.txt, relative to the project's.").default("."),
  excludes: z.array(
    z.string({ error: "a pattern as in a .gitignore" })
      .refine((pattern) => !/[\r\n]/.test(pattern), { error: "a pattern in one line" })
      .refine((pattern) => readPattern(pattern) !== undefined, {
        error: "a pattern that can match (a bracket is open, or a slash or backslash is too much)",
      }),
    { error: "a list of patterns as in a .gitignore" },
  ).max(MOST_EXCLUDES, { error: `at most ${MOST_EXCLUDES} patterns` }).describe(
    "What stays on the host, besides build trees, objects, .git, images/, logs/ and what " +
      ".gitignore files name. Patterns as in a .gitignore; !PATTERN sends something after all.",
  ).default([]),
  env: z.record(
    z.string().regex(VARIABLE, { error: "a name of letters, digits and _" }),
    text("a string"),
    { error: "an object of strings" },
  ).describe("Environment variables of every step.").default({}),
  steps: fields({
    default: steps.describe("The steps on every system that has none of its own.").optional(),
    ...Object.fromEntries(
      STEP_SYSTEMS.map((system) => [system, steps.describe(`The steps on ${system}.`).optional()]),
    ) as Record<typeof STEP_SYSTEMS[number], z.ZodOptional<typeof steps>>,
  }, "an object of lists of steps, by system")
    .describe(
      "What to run instead of the CMake configuration, the build, and CTest where tests exist.",
    ).default({}),
  cmakeFlags: z.record(z.string(), flags, {
    error: 'an object of lists of CMake arguments, by platform, "native" or "all"',
  }).describe(
    'CMake arguments by platform name; "native" is the host, "all" is every platform. {source} and ' +
      "{build} in them are replaced by the directories.",
  ).default({}),
  artifacts: z.array(
    z.string({ error: "a string" })
      .max(LONGEST_GLOB, { error: `a glob of at most ${LONGEST_GLOB} characters`, abort: true })
      .refine((glob) => isSafePattern(glob, "build"), { error: GLOB_WANTED })
      .refine((glob) => isGlob(below(glob)), {
        error: "a glob that can match (a bracket is open, or a range goes down as in [z-a])",
      }),
    { error: "a list of globs" },
  ).max(MOST_GLOBS, { error: `at most ${MOST_GLOBS} globs` }).describe(
    "What to copy out after a build: globs (* ? [...] and ** for any directories) in the build " +
      "directory, or in the source directory with {source}/ in front.",
  ).default([]),
  network: network.describe(
    'What steps in guests may fetch, by a proxy: "internet", from public addresses; a list of host ' +
      'names, from those alone; "none"; or "open", all that the host reaches, without a proxy.',
  ).default("internet"),
  memory: memory.describe(
    'Memory of a guest: MiB as a number, or text like "2G"; at most 80 % of the host\'s. ' +
      "Default: the platform's.",
  )
    .optional(),
  cores: z.int({ error: "a whole number" })
    .min(1, { error: "a whole number from 1 to 256" })
    .max(256, { error: "a whole number from 1 to 256" })
    .describe("CPUs of a guest. Default: the platform's.").optional(),
  timeouts: fields({
    boot: duration.describe("From launch to an answered command. Default: the platform's.")
      .optional(),
    step: duration.describe("For each step.").default("30m"),
    total: duration.describe("For all of a platform, from launch to shutdown.").default("1h"),
  }, "an object of durations").describe('Durations like "90s", "10m" or "1h".')
    .prefault({}),
}, "an object");

/** A `guesthouse.json` as it is written. */
export type ProjectInput = z.input<typeof projectSchema>;
