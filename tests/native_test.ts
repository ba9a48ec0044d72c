// Builds on the host, through `deno task build-native`. Starts no guest.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { copy, walk } from "@std/fs";
import { basename, join, relative } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { root } from "../lib/base/files/paths.ts";
import { findProgram } from "../lib/base/process/find_program.ts";
import { makeSandbox, processesNaming } from "./support/harness.ts";
import { assertFailure, assertNoBug, documentOf } from "./support/outcome.ts";
import { writeProject } from "./support/projects.ts";
import { scriptProject } from "./support/script_project.ts";

const SAMPLE = join(root, "examples/hello-cmake");

/** Every entry below a directory with its type, time and contents, to see that nothing changed. */
async function listing(dir: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { path, isFile, isSymlink } of walk(dir, { followSymlinks: false })) {
    const { mtime, mode } = await Deno.lstat(path);
    const content = isSymlink
      ? await Deno.readLink(path)
      : isFile
      ? await Deno.readTextFile(path)
      : "";
    lines.push(JSON.stringify([relative(dir, path), mode, mtime, content]));
  }
  return lines.sort();
}

Deno.test("build-native builds the sample, runs its CTest, and copies its artifact", async () => {
  await using box = await makeSandbox();
  const before = await listing(SAMPLE);
  const artifacts = join(box.dir, "out");
  const outcome = await box.task("build-native", ["--artifacts", artifacts, "--json"]);
  assertEquals(outcome.code, 0, outcome.stderr);
  const { ok, platforms: [native] } = documentOf(outcome);
  assertEquals(ok, true);
  const { seconds, log, ...rest } = native;
  assertEquals(rest, {
    name: "native",
    status: "pass",
    exitCode: 0,
    start: null,
    accelerator: "native",
    artifacts: [join(artifacts, "native/hello")],
  });
  assert(seconds.build > 0 && seconds.total >= seconds.build);
  // With --json the steps' output goes to standard error, and to the log in any case.
  assertMatch(outcome.stderr, /100% tests passed, 0 tests failed out of 3/);
  assertEquals(log, join(box.dir, "logs/native.log"));
  assertMatch(await Deno.readTextFile(log), /^== test: status 0 after \d+\.\d s$/m);
  assertMatch(await $`${join(artifacts, "native/hello")} 100`.text(), /25 primes below 100/);
  assertEquals(await listing(SAMPLE), before);
  await box.assertClean();
});

const TYPES: [string, Record<string, unknown>, Record<string, unknown>?][] = [
  ["a preset's build type", { "cmakeFlags": { "all": ["--preset", "ci"] } }, {
    version: 3,
    configurePresets: [{
      ...{ name: "ci", binaryDir: "${sourceDir}/out", generator: "Unix Makefiles" },
      cacheVariables: { CMAKE_BUILD_TYPE: "Debug" },
    }],
  }],
  ["a preset's generator for several build types", {
    cmakeFlags: { all: ["--preset", "ci", "-DCMAKE_BUILD_TYPE=Debug"] },
  }, {
    version: 3,
    configurePresets: [{ name: "ci", binaryDir: "out", generator: "Ninja Multi-Config" }],
  }],
];
for (const [what, config, presets] of TYPES) {
  Deno.test({
    name: `build-native builds and tests with ${what}`,
    ignore: findProgram("ninja") === undefined,
    async fn() {
      await using box = await makeSandbox();
      const project = await writeProject(box.dir, "typed", {
        "guesthouse.json": JSON.stringify(config),
        "CMakePresets.json": JSON.stringify(presets),
        "CMakeLists.txt":
          "cmake_minimum_required(VERSION 3.21)\nproject(typed C)\nenable_testing()\n" +
          "add_executable(typed main.c)\nadd_test(NAME only COMMAND typed $<CONFIG>)\n",
        // Fails where asserts are compiled out.
        "main.c":
          "#include <assert.h>\n#include <string.h>\nint main(int c, char **v) { int r = 1; " +
          'assert((r = 0) == 0); return r + strcmp(v[c - 1], "Debug"); }\n',
      });
      const { code, stdout, stderr } = await box.task("build-native", ["--project", project]);
      assertEquals(code, 0, stdout + stderr);
      assertStringIncludes(stdout, "100% tests passed, 0 tests failed out of 1");
    },
  });
}

Deno.test("build-native --quiet prints nothing on success", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, "echo chatter");
  const { code, stdout, stderr } = await box.task("build-native", ["--project", dir, "--quiet"]);
  assertEquals([code, stdout, stderr], [0, "", ""]);
});

Deno.test("build-native --dry-run prints the commands and runs none", async () => {
  await using box = await makeSandbox();
  const { code, stdout } = await box.task("build-native", ["--dry-run"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^cmake -S \S+hello-cmake -B \S+\/build -DCMAKE_BUILD_TYPE=Release/m);
  assertMatch(stdout, /^cmake --build \S+\/build --config Release --parallel \d+$/m);
  assertEquals(await Array.fromAsync(walk(join(box.dir, "state"), { match: [/build/] })), []);
});

Deno.test("build-native builds the git work tree in which it is called", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, "pwd >&2");
  await Deno.mkdir(join(dir, ".git"));
  await Deno.mkdir(join(dir, "deep/er"), { recursive: true });
  const { code, stdout } = await box.task("build-native", [], { cwd: join(dir, "deep/er") });
  assertEquals(code, 0);
  assertStringIncludes(stdout, `${await Deno.realPath(dir)}\n`);
});

Deno.test("a project that does not compile gives status 1 with the compiler's error", async () => {
  await using box = await makeSandbox();
  const dir = join(box.dir, "project");
  await copy(SAMPLE, dir);
  await Deno.writeTextFile(join(dir, "main.cpp"), "int main() { return no_such_name; }\n");
  const args = ["--project", dir];
  const outcome = await box.task("build-native", args);
  assertFailure(outcome, {
    exit: 1,
    says: [
      'error: Step "build" failed on native: cmake exited with status 2\n',
      `  next: less ${join(box.dir, "logs/native.log")}\n`,
    ],
  });
  for (const text of [outcome.stdout, outcome.stderr]) {
    assertMatch(text, /main\.cpp:1:\d+: error: .*no_such_name/);
  }
  assertMatch(outcome.stdout, /^native +fail +- +- /m);
  const json = await box.task("build-native", [...args, "--json"]);
  const { ok, platforms: [native] } = documentOf(json);
  assertEquals([json.code, ok, native.status, native.exitCode], [1, false, "fail", 2]);
  assertMatch(native.error.details.join("\n"), /error: .*no_such_name/);
});

Deno.test("a test that fails gives status 1 with the test's name", async () => {
  await using box = await makeSandbox();
  const dir = join(box.dir, "project");
  await copy(SAMPLE, dir);
  const test = await Deno.readTextFile(join(dir, "primes_test.cpp"));
  await Deno.writeTextFile(join(dir, "primes_test.cpp"), test.replace("100, 1, 25", "100, 1, 26"));
  const outcome = await box.task("build-native", ["--project", dir]);
  assertFailure(outcome, { exit: 1, says: ['error: Step "test" failed on native: ctest'] });
  assertStringIncludes(outcome.stdout, "count_primes(100, 1): found 25, wanted 26");
  assertMatch(outcome.stdout, /1 - primes \(Failed\)/);
});

const ODD_NAMES = [
  "a b",
  `it's "quoted" $HOME \`x\``,
  "two\nlines",
  "-dash",
  "semi;colon #1 a:b",
  "gl[o]b*{a,b}",
  "back\\slash",
];

for (const name of ODD_NAMES) {
  Deno.test(`build-native builds a project in a directory named ${JSON.stringify(name)}`, async () => {
    await using box = await makeSandbox();
    const dir = join(box.dir, name);
    await copy(SAMPLE, dir);
    const config = { artifacts: ["hello", "{source}/*.h"] };
    await Deno.writeTextFile(join(dir, "guesthouse.json"), JSON.stringify(config));
    const before = await listing(dir);
    // Relative to the directory that the user calls from.
    const args = [`--project=${name}`, "--artifacts=out", "--json"];
    const outcome = await box.task("build-native", args, { cwd: box.dir });
    assertEquals(outcome.code, 0, outcome.stderr);
    assertMatch(outcome.stderr, /100% tests passed, 0 tests failed out of 3/);
    const out = join(await Deno.realPath(box.dir), "out/native");
    assertEquals(documentOf(outcome).platforms[0].artifacts, [
      join(out, "hello"),
      join(out, "primes.h"),
    ]);
    assertEquals(await listing(dir), before);
    await box.assertClean();
  });
}

Deno.test("build-native builds where what guesthouse keeps has an odd path", async () => {
  await using box = await makeSandbox();
  const state = join(box.dir, `a #;"' $%41,:b`);
  const env = { GUESTHOUSE_STATE: state, GUESTHOUSE_LOGS: join(state, "logs") };
  const project = join(state, "project");
  await copy(SAMPLE, project);
  await Deno.writeTextFile(join(project, "guesthouse.json"), '{"artifacts": ["hello"]}');
  const args = ["--project", project, "--artifacts", join(state, "out"), "--json"];
  const outcome = await box.task("build-native", args, { env });
  assertEquals(outcome.code, 0, outcome.stderr);
  assertEquals(documentOf(outcome).platforms[0].artifacts, [join(state, "out/native/hello")]);
  // The link lies beside the sockets, in the next place where the first one will not do.
  const runtime = join(box.dir, "no runtime");
  await Deno.mkdir(runtime, { mode: 0o700 });
  await Deno.writeTextFile(join(runtime, `guesthouse-${Deno.uid()}`), "a file");
  const elsewhere = await box.task("build-native", args, {
    env: { ...env, XDG_RUNTIME_DIR: runtime },
  });
  assertEquals(elsewhere.code, 0, elsewhere.stderr);
  const refused = await box.task("build-native", args, {
    env: { ...env, GUESTHOUSE_STATE: `${box.dir}/back\\slash` },
  });
  assertEquals(refused.code, 3);
  assertStringIncludes(refused.stderr, "CMake works in no directory with a backslash");
  await box.assertClean();
});

Deno.test("a second build starts from an empty directory and leaves the project alone", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, "ls -A; touch 'left over'", {});
  // A name that CMake could not take, so the build goes by a link to the project.
  const odd = join(box.dir, "#odd");
  await Deno.rename(dir, odd);
  const steps = {
    default: [{ name: "s", run: ["sh", "-c", "echo [$(ls -A)]; touch old"], cwd: "{build}" }],
  };
  await Deno.writeTextFile(join(odd, "guesthouse.json"), JSON.stringify({ steps }));
  const before = await listing(odd);
  for (const _ of ["first", "second"]) {
    const { code, stdout } = await box.task("build-native", ["--project", odd]);
    assertEquals(code, 0);
    assertMatch(stdout, /^\[\]$/m);
  }
  assertEquals(await listing(odd), before);
});

Deno.test("build-native is not led astray by links that form a loop", async () => {
  await using box = await makeSandbox();
  const dir = join(box.dir, "project");
  await copy(SAMPLE, dir);
  await Deno.mkdir(join(dir, "sub"));
  await Deno.symlink("..", join(dir, "sub/up"));
  await Deno.symlink("self", join(dir, "self"));
  const config = { artifacts: ["{source}/**/*.h", "{source}/s*"] };
  await Deno.writeTextFile(join(dir, "guesthouse.json"), JSON.stringify(config));
  const before = await listing(dir);
  const args = ["--project", dir, "--artifacts", join(box.dir, "out")];
  const outcome = await box.task("build-native", args);
  // The second glob meets nothing but a directory and a link to nowhere.
  assertFailure(outcome, { exit: 1, says: ["a link leads nowhere", '/self" -> "self"\n'] });
  assertMatch(outcome.stdout, /100% tests passed/);
  assertEquals(
    await Array.fromAsync(
      walk(join(box.dir, "out/native"), { includeDirs: false }),
      ({ path }) => relative(box.dir, path),
    ),
    ["out/native/primes.h"],
  );
  assertEquals(await listing(dir), before);
});

Deno.test("a step gets its words, directory and variables unchanged", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, "", {
    env: { GREETING: "it's $HOME; `id`" },
    cmakeFlags: { all: ["-DA=1 2"], native: ["-DB=*"], "debian-amd64": ["-DC=3"] },
    cores: 3,
    steps: {
      default: [
        {
          name: "words",
          run: ["sh", "-c", 'printf "<%s>\\n" "$@"', "sh", "{flags...}", "{jobs}", "", "$(id)"],
        },
        { name: "directory", run: ["sh", "-c", 'pwd; echo "$GREETING"'], cwd: "{build}" },
      ],
    },
  });
  const { code, stdout } = await box.task("build-native", ["--project", dir]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "<-DA=1 2>\n<-DB=*>\n<3>\n<>\n<$(id)>\n");
  assertMatch(stdout, /\/state\/native\/project-[0-9a-f]{12}\/build\nit's \$HOME; `id`\n/);
});

Deno.test("a step may run what an earlier one has built", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, "", {
    steps: {
      default: [
        {
          name: "make it",
          run: ["sh", "-c", "printf '#!/bin/sh\\necho built' >tool; chmod +x tool"],
          cwd: "{build}",
        },
        { name: "run it", run: ["./tool"], cwd: "{build}" },
      ],
    },
  });
  const outcome = await box.task("build-native", ["--project", dir]);
  assertEquals(outcome.code, 0, outcome.stderr);
  assertMatch(outcome.stdout, /^built$/m);
});

Deno.test("a step whose program is missing gives status 1 and its name", async () => {
  await using box = await makeSandbox();
  const steps = { default: [{ name: "odd", run: ["no-such-program", "-x"] }] };
  const dir = await scriptProject(box, "", { steps });
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 1,
    says: [
      'error: Step "odd" failed on native: no-such-program exited with status 127\n',
      "no-such-program: not found\n",
    ],
  });
});

Deno.test("a step whose directory is missing gives status 1 and its name", async () => {
  await using box = await makeSandbox();
  const steps = { default: [{ name: "odd", run: ["true"], cwd: "{build}/nope" }] };
  const dir = await scriptProject(box, "", { steps });
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 1,
    says: ["there is no directory ", '/build/nope"\n', 'next: correct "cwd" of the step'],
  });
});

Deno.test("a step that was ended by a signal fails", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, "kill -SEGV $$");
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 1,
    says: ['error: Step "script" failed on native: sh exited with status 139\n'],
  });
});

Deno.test("a reader that goes away neither stops the build nor counts as a bug", async () => {
  await using box = await makeSandbox();
  const done = join(box.dir, "done");
  const dir = await scriptProject(box, `yes | head -n 100000; touch '${done}'`);
  const command = 'deno task --quiet build-native --project "$0" | head -n 1';
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", command, dir],
    cwd: root,
    env: { ...box.env, PATH: `${join(Deno.execPath(), "..")}:${Deno.env.get("PATH")}` },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(text(stdout), "y\n");
  assertNoBug({ code: 0, stdout: "", stderr: text(stderr) });
  assert((await Deno.stat(done)).isFile);
  assertEquals(await processesNaming(basename(box.dir)), []);
});
