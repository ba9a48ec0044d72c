import { assertEquals, assertThrows } from "@std/assert";
import { formatError, UsageError } from "../base/errors.ts";
import type { Project } from "./project.ts";
import { type PlanOptions, planSteps } from "./plan_steps.ts";

const project: Project = {
  dir: "/home/ci/lib",
  name: "lib",
  source: ".",
  haveCMakeLists: true,
  excludes: [],
  env: {},
  steps: {},
  cmakeFlags: {},
  artifacts: [],
  network: "internet",
  timeouts: { stepMs: 1, totalMs: 1 },
};
const options: PlanOptions = {
  os: "linux",
  platformName: "debian-arm64",
  sourceDir: "/s r c",
  buildDir: "/build",
  jobs: 3,
  cmakeFlags: [],
};
const source = { in: "source", path: "." } as const;

Deno.test("planSteps() configures, builds and tests with CMake by default", () => {
  assertEquals(planSteps(project, options), [
    {
      name: "configure",
      command: ["cmake", "-S", "/s r c", "-B", "/build", "-DCMAKE_BUILD_TYPE=Release"],
      cwd: "/s r c",
      once: true,
    },
    {
      name: "build",
      command: ["cmake", "--build", "/build", "--config", "Release", "--parallel", "3"],
      cwd: "/s r c",
    },
    {
      name: "test",
      command: ["ctest", "--test-dir", "/build", "--output-on-failure"],
      cwd: "/s r c",
      onlyIfFile: "/build/CTestTestfile.cmake",
      moreIfFile: { path: "/build/build-Release.ninja", words: ["-C", "Release"] },
    },
  ]);
});

Deno.test("planSteps() leaves words alone that every object knows", () => {
  const run = ["grep", "constructor", "toString", "__proto__", "{jobs}"];
  const steps = { default: [{ name: "x", run, cwd: source }] };
  assertEquals(planSteps({ ...project, steps }, options)[0]!.command, [...run.slice(0, -1), "3"]);
});

Deno.test("planSteps() replaces {source} and {build} anywhere in the project's CMake flags", () => {
  const all = ["-DDATA={source}/data;{build}", "-DX=${build}{jobs}"];
  const flags = ["-DDATA=/$& s r c/data;/build", "-DX=${build}{jobs}"];
  const steps = { default: [{ name: "x", run: ["{flags...}"], cwd: source }] };
  const odd = { ...options, sourceDir: "/$& s r c" };
  const [own] = planSteps({ ...project, cmakeFlags: { all }, steps }, odd);
  assertEquals(own!.command, flags);
  const [configure] = planSteps({ ...project, cmakeFlags: { "debian-arm64": all } }, odd);
  assertEquals(configure!.command.slice(-2), flags);
});

Deno.test("planSteps() leaves generator and build type to a preset, and builds what flags ask for", () => {
  const commands = (...all: string[]) =>
    planSteps({ ...project, cmakeFlags: { all } }, { ...options, generator: "Ninja" })
      .map(({ command }) => command.slice(1).join(" "));
  const [configure, build] = commands("--preset", "ci-debug");
  assertEquals(configure, "-S /s r c -B /build --preset ci-debug");
  assertEquals(build, "--build /build --config Release --parallel 3");
  const several = commands("-GNinja Multi-Config", "-DCMAKE_BUILD_TYPE:STRING=Debug");
  assertEquals(several[1], "--build /build --config Debug --parallel 3");
  assertEquals(commands()[1], "-C /build -j 3");
});

Deno.test("planSteps() passes the platform's flags first, so that the project's win", () => {
  const flagged = {
    ...project,
    cmakeFlags: { all: ["-DA=all"], "debian-arm64": ["-DA=arm64"], native: ["-DA=native"] },
  };
  const [configure] = planSteps(flagged, { ...options, cmakeFlags: ["-DA=platform"] });
  assertEquals(configure!.command.slice(5), [
    "-DCMAKE_BUILD_TYPE=Release",
    "-DA=platform",
    "-DA=all",
    "-DA=arm64",
  ]);
});

Deno.test("planSteps() replaces placeholders that are whole words", () => {
  const steps = {
    default: [{
      name: "all",
      run: [
        "sh",
        "-c",
        "echo {build}",
        "{source}",
        "{build}",
        "{jobs}",
        "{flags...}",
        "{}",
        "${jobs}",
      ],
      cwd: { in: "build", path: "sub/dir" } as const,
    }],
  };
  assertEquals(
    planSteps({ ...project, steps, cmakeFlags: { all: ["-DA", "-DB"] } }, options),
    [{
      name: "all",
      command: ["sh", "-c", "echo {build}", "/s r c", "/build", "3", "-DA", "-DB", "{}", "${jobs}"],
      cwd: "/build/sub/dir",
    }],
  );
});

Deno.test("planSteps() prefers a system's own steps to the default ones", () => {
  const make = { name: "make", run: ["make"], cwd: source };
  const gmake = { name: "gmake", run: ["gmake"], cwd: source };
  const both = { ...project, steps: { default: [make], freebsd: [gmake] } };
  const nameFor = (os: PlanOptions["os"]) => planSteps(both, { ...options, os })[0]!.name;
  assertEquals(nameFor("freebsd"), "gmake");
  assertEquals(nameFor("linux"), "make");
  const others = { ...project, steps: { freebsd: [gmake] } };
  assertEquals(planSteps(others, options)[0]!.name, "configure");
});

Deno.test("planSteps() says what to do about a project without steps", () => {
  const bare = { ...project, source: "part", haveCMakeLists: false };
  const error = assertThrows(() => planSteps(bare, options), UsageError);
  assertEquals(formatError(error).split("\n"), [
    'Cannot plan the build of "lib": there is no CMakeLists.txt and there are no steps for linux',
    "  source directory: /home/ci/lib/part",
    "  steps: none",
    '  next: set "source" or "steps" in /home/ci/lib/guesthouse.json, such as ' +
    '{"steps": {"default": [{"name": "build", "run": ["make", "-C", "{source}"]}]}}',
  ]);
  const steps = { darwin: [{ name: "x", run: ["x"], cwd: source }] };
  const other = assertThrows(() => planSteps({ ...bare, steps }, options), UsageError);
  assertEquals(other.details[1], "steps: for darwin only");
});
