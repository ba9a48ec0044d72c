import { join } from "@std/path";
import { UsageError } from "../base/errors.ts";
import type { Place } from "../config/place.ts";
import { type Project, PROJECT_FILE } from "./project.ts";
import type { STEP_SYSTEMS } from "./project_schema.ts";
import { showPath } from "../config/show_path.ts";

/** A command of a build, ready to run. */
export interface Step {
  readonly name: string;
  /** Program and arguments; never joined for a shell. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** The step is left out unless this file is there when its turn comes. */
  readonly onlyIfFile?: string;
  /** More arguments, if this file is there when its turn comes. */
  readonly moreIfFile?: { readonly path: string; readonly words: readonly string[] };
  /** Whether it has nothing to do in a build tree where it has succeeded before. */
  readonly once?: boolean;
}

/** Where and for what {@link planSteps} plans; paths are those of the machine that builds. */
export interface PlanOptions {
  readonly os: typeof STEP_SYSTEMS[number];
  /** A platform's name, or `native`. */
  readonly platformName: string;
  /** The project's source directory there (its directory joined with `project.source`). */
  readonly sourceDir: string;
  /** The directory to build in, outside the sources. */
  readonly buildDir: string;
  /** CPUs to use. */
  readonly jobs: number;
  /** The platform's own CMake flags; the project's follow, so that they win. */
  readonly cmakeFlags: readonly string[];
  /** CMake's generator for projects without steps of their own (default: CMake's default). */
  readonly generator?: string | undefined;
}

/** What is replaced anywhere in a CMake flag; `${build}` is a variable of CMake. */
const FLAG_PLACEHOLDER = /(?<!\$)\{(?:source|build)\}/g;

/**
 * The steps of a build: the project's for this system, else its default ones, else CMake's
 * configuration and build, and CTest where configuring left tests.
 *
 * Throws {@link UsageError} if the project has neither steps nor a CMakeLists.txt.
 */
export function planSteps(project: Project, options: PlanOptions): Step[] {
  const { sourceDir, buildDir, jobs } = options;
  const own = [
    ...project.cmakeFlags.all ?? [],
    ...project.cmakeFlags[options.platformName] ?? [],
  ];
  const dirs: Readonly<Record<string, string>> = { "{source}": sourceDir, "{build}": buildDir };
  const flags = [
    ...options.cmakeFlags,
    ...own.map((flag) => flag.replace(FLAG_PLACEHOLDER, (text) => dirs[text]!)),
  ];
  const steps = project.steps[options.os] ?? project.steps.default;
  if (steps === undefined) {
    if (!project.haveCMakeLists) throw nothingToDo(project, options.os);
    return cmakeSteps(options, flags);
  }
  // No object, which knows words such as "constructor".
  const words = new Map<string, readonly string[]>([
    ["{source}", [sourceDir]],
    ["{build}", [buildDir]],
    ["{jobs}", [String(jobs)]],
    ["{flags...}", flags],
  ]);
  return steps.map(({ name, run, cwd }) => ({
    name,
    command: run.flatMap((word) => words.get(word) ?? [word]),
    cwd: placeIn(cwd, sourceDir, buildDir),
  }));
}

/** Where a place of the config is on the machine that builds. */
export function placeIn(place: Place, sourceDir: string, buildDir: string): string {
  return join(place.in === "build" ? buildDir : sourceDir, place.path);
}

function cmakeSteps(options: PlanOptions, flags: readonly string[]): Step[] {
  const { sourceDir, buildDir, jobs } = options;
  // A preset has a generator and a build type of its own; the project may choose others, too.
  const preset = flags.some((flag) => flag.startsWith("--preset"));
  const chosen = preset || flags.some((flag) => flag.startsWith("-G"));
  const generator = chosen ? undefined : options.generator;
  const type = buildType(flags) ?? "Release";
  return [
    {
      name: "configure",
      // The flags come last, so that they can change the build type.
      command: [
        ...["cmake", "-S", sourceDir, "-B", buildDir],
        ...(generator === undefined ? [] : ["-G", generator]),
        ...(preset ? [] : ["-DCMAKE_BUILD_TYPE=Release"]),
        ...flags,
      ],
      cwd: sourceDir,
      // What it depends on is known to the build, which runs it again where that has changed.
      once: true,
    },
    {
      name: "build",
      // CMake would only start it, which takes half a second under emulation.
      command: generator === "Ninja"
        ? ["ninja", "-C", buildDir, "-j", String(jobs)]
        : ["cmake", "--build", buildDir, "--config", type, "--parallel", String(jobs)],
      cwd: sourceDir,
    },
    {
      name: "test",
      command: ["ctest", "--test-dir", buildDir, "--output-on-failure"],
      cwd: sourceDir,
      onlyIfFile: join(buildDir, "CTestTestfile.cmake"),
      // Of a generator for several build types, which runs no test without being told for which.
      ...(generator === "Ninja" ? {} : {
        moreIfFile: { path: join(buildDir, `build-${type}.ninja`), words: ["-C", type] },
      }),
    },
  ];
}

/** The build type that flags ask for; the last one counts. */
function buildType(flags: readonly string[]): string | undefined {
  const types = flags.map((flag) => /^-DCMAKE_BUILD_TYPE(?::\w+)?=(.+)$/.exec(flag)?.[1]);
  return types.findLast((type) => type !== undefined);
}

function nothingToDo(project: Project, os: string): UsageError {
  const source = join(project.dir, project.source);
  const others = Object.keys(project.steps).filter((system) => project.steps[system] !== undefined);
  return new UsageError(
    `Cannot plan the build of ${JSON.stringify(project.name)}: there is no CMakeLists.txt and ` +
      `there are no steps for ${os}`,
    {
      details: [
        `source directory: ${showPath(source)}`,
        `steps: ${others.length === 0 ? "none" : `for ${others.join(", ")} only`}`,
      ],
      next: `set "source" or "steps" in ${showPath(join(project.dir, PROJECT_FILE))}, such as ` +
        `{"steps": {"default": [{"name": "build", "run": ["make", "-C", "{source}"]}]}}`,
    },
  );
}
