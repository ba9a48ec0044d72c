import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { formatError, UsageError } from "../base/errors.ts";
import { loadProject, type LoadProjectOptions } from "./project.ts";

/** A project directory named `my project` with a config, and with files if their texts are given. */
async function makeProject(
  config?: string,
  files: Readonly<Record<string, string>> = {},
): Promise<{ dir: string } & AsyncDisposable> {
  const parent = await Deno.makeTempDir({ prefix: "guesthouse-project-" });
  const dir = join(parent, "my project");
  await Deno.mkdir(dir);
  if (config !== undefined) await Deno.writeTextFile(join(dir, "guesthouse.json"), config);
  for (const [path, text] of Object.entries(files)) await Deno.writeTextFile(join(dir, path), text);
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(parent, { recursive: true }) };
}

/** The error that a config gives, as a user sees it, with DIR for the project's directory. */
async function errorOf(config: string, options?: LoadProjectOptions): Promise<string> {
  await using project = await makeProject(config);
  const error = await assertRejects(() => loadProject(project.dir, options), UsageError);
  return formatError(error).replaceAll(project.dir, "DIR");
}

Deno.test("loadProject() uses the defaults for a project without a config", async () => {
  await using project = await makeProject(undefined, { "CMakeLists.txt": "" });
  assertEquals(await loadProject(project.dir), {
    dir: project.dir,
    name: "my project",
    source: ".",
    haveCMakeLists: true,
    excludes: [],
    env: {},
    steps: {},
    cmakeFlags: {},
    artifacts: [],
    network: "internet",
    timeouts: { stepMs: 1_800_000, totalMs: 3_600_000 },
  });
});

Deno.test("loadProject() reads every field", async () => {
  const config = {
    $schema: "./x.json",
    name: "lib",
    source: "./part/",
    excludes: ["docs/", "!x.o"],
    env: { LANG: "C" },
    steps: {
      default: [{ name: "make", run: ["make", "-j", "{jobs}", "${x}"], cwd: "{build}" }],
      linux: [{ name: "cmake", run: ["cmake", "{flags...}"] }],
    },
    cmakeFlags: { all: ["-DA=1"], "debian-arm64": ["-DB=2"], native: [] },
    artifacts: ["bin/*", "{source}/doc/*.pdf"],
    network: ["Example.org", "deb.debian.org"],
    memory: "2G",
    cores: 4,
    timeouts: { boot: "90s", step: "10m", total: "1h" },
  };
  await using project = await makeProject(JSON.stringify(config));
  await Deno.mkdir(join(project.dir, "part"));
  const { dir: _, file, ...loaded } = await loadProject(project.dir, {
    platformNames: ["debian-amd64", "debian-arm64"],
  });
  assertEquals(file, join(project.dir, "guesthouse.json"));
  assertEquals(loaded, {
    name: "lib",
    source: "part",
    haveCMakeLists: false,
    excludes: ["docs/", "!x.o"],
    env: { LANG: "C" },
    steps: {
      default: [{
        name: "make",
        run: ["make", "-j", "{jobs}", "${x}"],
        cwd: { in: "build", path: "." },
      }],
      linux: [{ name: "cmake", run: ["cmake", "{flags...}"], cwd: { in: "source", path: "." } }],
    },
    cmakeFlags: { all: ["-DA=1"], "debian-arm64": ["-DB=2"], native: [] },
    artifacts: [{ in: "build", path: "bin/*" }, { in: "source", path: "doc/*.pdf" }],
    network: ["Example.org", "deb.debian.org"],
    memoryMiB: 2048,
    cores: 4,
    timeouts: { bootMs: 90_000, stepMs: 600_000, totalMs: 3_600_000 },
  });
});

Deno.test("loadProject() reports all faults of a config in one error", async () => {
  const config = {
    name: "a/b",
    source: "nowhere",
    exclude: ["x"],
    excludes: ["a[", "two\nlines"],
    env: { "A B": "x", C: 3 },
    steps: {
      linuxx: [],
      linux: [],
      default: [
        { name: "x", run: ["make", "-j{jobs}"], cwd: "../.." },
        { run: "make" },
        { name: "y", run: [] },
      ],
    },
    cmakeFlags: { "debian-amd46": [], all: "-DX", native: ["-DX={source}/a", "-DN={jobs}"] },
    artifacts: [3, "../x", "/etc/*"],
    network: ["*.example.org"],
    memory: "lots",
    cores: 0,
    timeouts: { boot: "soon", total: "0s" },
  };
  assertEquals(
    (await errorOf(JSON.stringify(config), { platformNames: ["debian-amd64"] })).split("\n"),
    [
      'Cannot use "DIR/guesthouse.json": 25 faults',
      '  name: found "a/b", wanted a name of 1 to 64 characters without "/" and control characters',
      '  excludes[0]: found "a[", wanted a pattern that can match (a bracket is open, or a slash or ' +
      "backslash is too much)",
      '  excludes[1]: found "two\\nlines", wanted a pattern in one line',
      '  env["A B"]: found the name "A B", wanted a name of letters, digits and _',
      "  env.C: found 3, wanted a string",
      '  steps.default[0].run[1]: found "-j{jobs}", wanted a placeholder as a word of its own ' +
      '({source} {build} {jobs} {flags...}); set "cwd" for paths below {build} or {source}',
      '  steps.default[0].cwd: found "../..", wanted a path inside the project, or one that starts ' +
      'with "{build}/" or "{source}/"',
      "  steps.default[1].name: found nothing, wanted a name for reports",
      '  steps.default[1].run: found "make", wanted a list of strings: a program and its arguments',
      "  steps.default[2].run: found an empty list, wanted a program and its arguments",
      "  steps.linux: found an empty list, wanted at least one step",
      '  steps.linuxx: unknown field, did you mean "linux"?',
      '  cmakeFlags.all: found "-DX", wanted a list of CMake arguments',
      '  cmakeFlags.native[1]: found "-DN={jobs}", wanted no placeholder but {source} and {build}',
      "  artifacts[0]: found 3, wanted a string",
      '  artifacts[1]: found "../x", wanted a glob inside the build directory, or one that starts with ' +
      '"{source}/"',
      '  artifacts[2]: found "/etc/*", wanted a glob inside the build directory, or one that starts ' +
      'with "{source}/"',
      '  network[0]: found "*.example.org", wanted a host name',
      '  memory: found "lots", wanted MiB as a number or text like "2G"',
      "  cores: found 0, wanted a whole number from 1 to 256",
      '  timeouts.boot: found "soon", wanted a duration like "90s", "10m" or "1h"',
      '  timeouts.total: found "0s", wanted a duration like "90s", "10m" or "1h", from 1 second to ' +
      "168 hours",
      '  exclude: unknown field, did you mean "excludes"?',
      '  cmakeFlags.debian-amd46: unknown platform, did you mean "debian-amd64"?',
      '  source: found "nowhere", wanted a directory inside the project (it does not exist)',
      '  next: edit "DIR/guesthouse.json"',
    ],
  );
});

Deno.test(
  "loadProject() refuses globs and patterns that cannot match, and too many of them",
  async () => {
    const config = {
      artifacts: ["bin/[z-a]", "{source}/[a", "**/a/".repeat(20) + "b", "x".repeat(257)],
      excludes: ["**/a/".repeat(500) + "b", `${"[[:".repeat(2000)}]`],
    };
    const faults = (await errorOf(JSON.stringify(config))).split("\n").slice(1, -1);
    assertEquals(faults.map((fault) => fault.replace(/found .*, wanted/, "found ..., wanted")), [
      "  excludes[1]: found ..., wanted a pattern that can match (a bracket is open, or a slash or " +
      "backslash is too much)",
      "  artifacts[0]: found ..., wanted a glob that can match (a bracket is open, or a range goes " +
      "down as in [z-a])",
      "  artifacts[1]: found ..., wanted a glob that can match (a bracket is open, or a range goes " +
      "down as in [z-a])",
      "  artifacts[3]: found ..., wanted a glob of at most 256 characters",
    ]);
    const many = { artifacts: Array(101).fill("a"), excludes: Array(1001).fill("a") };
    assertMatch(
      await errorOf(JSON.stringify(many)),
      /excludes: found .*, wanted at most 1000 patterns\n.*artifacts: found .*, wanted at most 100 globs/,
    );
  },
);

Deno.test("loadProject() names the line and column of malformed JSON", async () => {
  assertEquals(
    (await errorOf('{\n  "name": "x", // a comment\n  "cores": 2,,\n}\n')).split("\n"),
    [
      'Cannot read "DIR/guesthouse.json": it is not JSON at line 3, column 14',
      '  3 |   "cores": 2,,',
      '    |              ^ wanted a key in double quotes or "}"',
      '  next: edit "DIR/guesthouse.json"',
    ],
  );
});

Deno.test("loadProject() refuses a document that is no object", async () => {
  for (const [text, found] of [["[]", "an empty list"], ["3", "3"], ["null", "null"]]) {
    assertEquals(
      (await errorOf(text!)).split("\n")[1],
      `  (whole file): found ${found}, wanted an object`,
    );
  }
});

Deno.test("loadProject() refuses fields that would reach into the object itself", async () => {
  assertMatch(await errorOf('{"__proto__": {"cores": 2}}'), / {2}__proto__: unknown field, known/);
});

Deno.test("loadProject() refuses a source directory that leads out of the project", async () => {
  assertMatch(
    await errorOf('{"source": "../x"}'),
    / {2}source: found "\.\.\/x", wanted a directory inside the project\n/,
  );
  await using outside = await makeProject();
  await using project = await makeProject('{"source": "link"}');
  await Deno.symlink(outside.dir, join(project.dir, "link"));
  const error = await assertRejects(() => loadProject(project.dir), UsageError);
  assertEquals(error.details, [
    'source: found "link", wanted a directory inside the project (it is a link to ' +
    `${JSON.stringify(await Deno.realPath(outside.dir))})`,
  ]);
});

Deno.test("loadProject() refuses a source that is a file or a loop of links", async () => {
  await using project = await makeProject('{"source": "x"}', { x: "" });
  const first = await assertRejects(() => loadProject(project.dir), UsageError);
  assertEquals(first.details, [
    'source: found "x", wanted a directory inside the project (it is a file)',
  ]);
  await Deno.remove(join(project.dir, "x"));
  await Deno.symlink("x", join(project.dir, "x"));
  const second = await assertRejects(() => loadProject(project.dir), UsageError);
  assertMatch(second.details[0]!, /^source: found "x", wanted .*symbolic links/);
});

Deno.test("loadProject() says why a config cannot be read", async () => {
  await using project = await makeProject();
  const file = join(project.dir, "guesthouse.json");
  await Deno.mkdir(file);
  await assertRejects(() => loadProject(project.dir), UsageError, "it is a directory");
  await Deno.remove(file);
  await Deno.writeFile(file, new Uint8Array([0x7b, 0xff, 0x7d]));
  const error = await assertRejects(() => loadProject(project.dir), UsageError);
  assertEquals(
    formatError(error).replaceAll(project.dir, "DIR"),
    'Cannot read "DIR/guesthouse.json": it is not UTF-8 text\n' +
      '  next: save "DIR/guesthouse.json" as UTF-8',
  );
});

Deno.test("loadProject() names a project in one line, whatever the name of its directory", async () => {
  await using parent = await makeProject();
  const dir = join(parent.dir, "a\n\x1b[31mb");
  await Deno.mkdir(dir);
  assertEquals((await loadProject(dir)).name, "a??[31mb");
});
