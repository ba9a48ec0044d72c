import { isFile } from "../base/files/directories.ts";
import { basename, join } from "@std/path";
import { UsageError } from "../base/errors.ts";
import {
  check,
  countFaults,
  type Fault,
  faultLines,
  foundWanted,
  unknownText,
} from "../config/faults.ts";
import { readJson, showPlace } from "../config/json_text.ts";
import type { NetworkRule } from "../config/network.ts";
import { parsePlace, type Place } from "../config/place.ts";
import { readInside } from "./project_file.ts";
import { type ProjectInput, projectSchema } from "./project_schema.ts";
import { showPath } from "../config/show_path.ts";
import { parseDurationMs, parseMemoryMiB } from "../config/units.ts";

/** The file that a project may have in its directory. */
export const PROJECT_FILE = "guesthouse.json";

/** A command of a build as the project gives it, placeholders and all. */
interface ProjectStep {
  readonly name: string;
  readonly run: readonly string[];
  readonly cwd: Place;
}

/** What to build and how: a `guesthouse.json` with all defaults filled in. */
export interface Project {
  /** The project's directory on the host, as it was given. */
  readonly dir: string;
  /** The config that was read, if there is one. */
  readonly file?: string;
  /** One line, without slashes. */
  readonly name: string;
  /** The directory with the CMakeLists.txt, relative to `dir`; `.` is `dir` itself. */
  readonly source: string;
  readonly haveCMakeLists: boolean;
  /** Patterns as in a `.gitignore`; see `projectFiles()`. */
  readonly excludes: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** By system, or `default`; empty where CMake's usual steps are wanted. */
  readonly steps: Readonly<Record<string, readonly ProjectStep[] | undefined>>;
  /** By platform, `native` or `all`. */
  readonly cmakeFlags: Readonly<Record<string, readonly string[] | undefined>>;
  /** Globs below the build or the source directory. */
  readonly artifacts: readonly Place[];
  readonly network: NetworkRule;
  /** Undefined: the platform's. */
  readonly memoryMiB?: number;
  /** Undefined: the platform's. */
  readonly cores?: number;
  readonly timeouts: {
    /** Undefined: the platform's. */
    readonly bootMs?: number;
    readonly stepMs: number;
    readonly totalMs: number;
  };
}

/** What {@link loadProject} checks against. */
export interface LoadProjectOptions {
  /** If given, `cmakeFlags` for any other platform is a fault. */
  readonly platformNames?: readonly string[];
}

/**
 * Reads `DIR/guesthouse.json`; without one, everything has its default. Throws {@link UsageError}
 * with all faults, their lines, columns and field paths.
 */
export async function loadProject(
  dir: string,
  options: LoadProjectOptions = {},
): Promise<Project> {
  const file = join(dir, PROJECT_FILE);
  const text = await readConfig(dir);
  const input = text === undefined ? {} : parseJson(text, file);
  const { value, faults: schemaFaults } = check(projectSchema, input);
  const faults = [
    ...schemaFaults,
    ...platformFaults(input, options.platformNames),
    ...await sourceFaults(input, dir, schemaFaults),
  ];
  if (value === undefined || faults.length > 0) {
    throw new UsageError(`Cannot use ${JSON.stringify(file)}: ${countFaults(faults)}`, {
      details: faultLines(faults),
      next: `edit ${showPath(file)}`,
    });
  }
  const source = parsePlace(value.source, "project")!.path;
  return {
    dir,
    ...(text === undefined ? {} : { file }),
    name: value.name ?? nameOf(dir),
    source,
    haveCMakeLists: await isFile(join(dir, source, "CMakeLists.txt")),
    excludes: value.excludes,
    env: value.env,
    steps: Object.fromEntries(
      Object.entries(value.steps).map(([system, steps]) => [
        system,
        steps?.map(({ name, run, cwd }) => ({ name, run, cwd: parsePlace(cwd ?? ".", "source")! })),
      ]),
    ),
    cmakeFlags: value.cmakeFlags,
    artifacts: value.artifacts.map((glob) => parsePlace(glob, "build")!),
    network: value.network,
    ...(value.memory === undefined ? {} : { memoryMiB: parseMemoryMiB(value.memory)! }),
    ...(value.cores === undefined ? {} : { cores: value.cores }),
    timeouts: {
      ...(value.timeouts.boot === undefined
        ? {}
        : { bootMs: parseDurationMs(value.timeouts.boot)! }),
      stepMs: parseDurationMs(value.timeouts.step)!,
      totalMs: parseDurationMs(value.timeouts.total)!,
    },
  };
}

async function readConfig(dir: string): Promise<string | undefined> {
  const file = join(dir, PROJECT_FILE);
  let bytes: Uint8Array;
  try {
    bytes = await readInside(dir, PROJECT_FILE);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new UsageError(`Cannot read ${JSON.stringify(file)}: ${messageOf(cause)}`, {
      next: `make ${showPath(file)} a readable file, or remove it`,
      cause,
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError(`Cannot read ${JSON.stringify(file)}: it is not UTF-8 text`, {
      next: `save ${showPath(file)} as UTF-8`,
      cause,
    });
  }
}

function parseJson(text: string, file: string): unknown {
  const read = readJson(text);
  if ("value" in read) return read.value;
  const { line, column, lines } = showPlace(text, read.fault.offset, read.fault.wanted);
  throw new UsageError(
    `Cannot read ${JSON.stringify(file)}: it is not JSON at line ${line}, column ${column}`,
    { details: lines, next: `edit ${showPath(file)}` },
  );
}

/** Keys of `cmakeFlags` that name no platform. The schema cannot know which there are. */
function platformFaults(input: unknown, platformNames: readonly string[] | undefined): Fault[] {
  const flags = (input as ProjectInput)?.cmakeFlags;
  if (platformNames === undefined || !isObject(flags)) return [];
  const known = ["all", "native", ...platformNames];
  return Object.keys(flags).filter((name) => !known.includes(name)).map((name) => ({
    path: ["cmakeFlags", name],
    text: unknownText("platform", name, known),
  }));
}

/** Checks `source` on disk too, also while other fields are at fault: one run shows them all. */
async function sourceFaults(
  input: unknown,
  dir: string,
  known: readonly Fault[],
): Promise<Fault[]> {
  const source = isObject(input) ? input.source : undefined;
  if (typeof source !== "string" || known.some(({ path }) => path[0] === "source")) return [];
  const fault = (state: string) => [{
    path: ["source"],
    text: foundWanted(source, `a directory inside the project (${state})`),
  }];
  try {
    const path = join(dir, source);
    if (!(await Deno.stat(path)).isDirectory) return fault("it is a file");
    const [realDir, realSource] = [await Deno.realPath(dir), await Deno.realPath(path)];
    const inside = realSource === realDir || realSource.startsWith(join(realDir, "/"));
    return inside ? [] : fault(`it is a link to ${showPath(realSource)}`);
  } catch (error) {
    return fault(error instanceof Deno.errors.NotFound ? "it does not exist" : messageOf(error));
  }
}

/** A directory may have any name; reports want one line. */
function nameOf(dir: string): string {
  return basename(dir).replace(/\p{Cc}/gu, "?").slice(0, 64) || "project";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const messageOf = (error: unknown) => error instanceof Error ? error.message : String(error);
