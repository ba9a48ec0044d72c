// Wrong projects and wrong guesthouse.json files, through `deno task`. Starts no guest.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { makeSandbox, type Sandbox } from "./support/harness.ts";
import { assertFailure, documentOf, type FailureDocument } from "./support/outcome.ts";

/** Writes a project whose config is this text, and returns its directory. */
async function projectWith(box: Sandbox, config: string | Uint8Array): Promise<string> {
  const dir = join(box.dir, "project");
  await Deno.mkdir(dir, { recursive: true });
  await Deno.writeTextFile(join(dir, "CMakeLists.txt"), "cmake_minimum_required(VERSION 3.16)\n");
  const bytes = typeof config === "string" ? new TextEncoder().encode(config) : config;
  await Deno.writeFile(join(dir, "guesthouse.json"), bytes);
  return dir;
}

const malformed = [
  {
    title: "two commas",
    config: '{\n  "name": "x",,\n}',
    at: "line 2, column 15",
    mark: "^ wanted a key in double quotes",
  },
  {
    title: "a missing brace",
    config: '{"name": "x"',
    at: "line 1, column 13",
    mark: '^ wanted "," or "}"',
  },
  { title: "an empty file", config: "", at: "line 1, column 1", mark: "^ wanted a value" },
  {
    title: "a comment that does not end",
    config: '{\n  /* the name\n  "name": "x"}',
    at: "line 3, column 15",
    mark: '^ wanted "*/"',
  },
  {
    title: "a key that is there twice",
    config: '{"cores": 1,\n "cores": 2}',
    at: "line 2, column 2",
    mark: '^ wanted each key once, and "cores" exists already',
  },
  {
    title: "two documents",
    config: "{}\n{}",
    at: "line 2, column 1",
    mark: "^ wanted the end of the file",
  },
];

for (const { title, config, at, mark } of malformed) {
  Deno.test(`guesthouse.json with ${title} is refused with line and column`, async () => {
    await using box = await makeSandbox();
    const dir = await projectWith(box, config);
    const file = join(dir, "guesthouse.json");
    const outcome = await box.task("build-native", ["--project", dir]);
    assertFailure(outcome, {
      exit: 2,
      says: [`Cannot read "${file}": it is not JSON at ${at}\n`, mark, `  next: edit ${file}\n`],
    });
    assertEquals(outcome.stdout, "");
  });
}

Deno.test("guesthouse.json may have comments and trailing commas", async () => {
  await using box = await makeSandbox();
  const dir = await projectWith(
    box,
    '{\n  // the name\n  "nam": "x", /* the\n cores */ "cores": 0,\n}',
  );
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 2,
    says: [
      "2 faults\n",
      '  nam: unknown field, did you mean "name"?\n',
      "  cores: found 0, wanted a whole number from 1 to 256\n",
    ],
  });
});

Deno.test("all wrong fields of guesthouse.json are reported at once, with path, found and wanted", async () => {
  await using box = await makeSandbox();
  const dir = await projectWith(
    box,
    JSON.stringify({
      sorce: ".",
      excludes: "*.o",
      env: { "A B": "c", D: 3 },
      steps: { linux: [{ name: "", run: [] }, { name: "x", run: "make" }], windows: [] },
      cmakeFlags: { "debian-amd46": ["-DX=1"] },
      artifacts: ["../out"],
      memory: "2GB",
      cores: 0,
      timeouts: { step: "soon", total: 5 },
    }),
  );
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 2,
    says: [
      'guesthouse.json": 14 faults\n',
      '  sorce: unknown field, did you mean "source"?\n',
      '  excludes: found "*.o", wanted a list of patterns as in a .gitignore\n',
      '  env["A B"]: found the name "A B", wanted a name of letters, digits and _\n',
      "  env.D: found 3, wanted a string\n",
      '  steps.linux[0].name: found "", wanted a name for reports\n',
      "  steps.linux[0].run: found an empty list, wanted a program and its arguments\n",
      '  steps.linux[1].run: found "make", wanted a list of strings',
      "  steps.windows: unknown field, known are default, linux, freebsd, netbsd, darwin\n",
      '  cmakeFlags.debian-amd46: unknown platform, did you mean "debian-amd64"?\n',
      '  artifacts[0]: found "../out", wanted a glob inside the build directory',
      '  memory: found "2GB", wanted MiB as a number or text like "2G"\n',
      "  cores: found 0, wanted a whole number from 1 to 256\n",
      '  timeouts.step: found "soon", wanted a duration like "90s", "10m" or "1h"\n',
      '  timeouts.total: found 5, wanted a duration like "90s", "10m" or "1h"\n',
    ],
  });
});

const wrongWhole = [
  { config: "[]", found: "an empty list" },
  { config: '"make"', found: '"make"' },
  { config: "null", found: "null" },
];

Deno.test("guesthouse.json that is no object is refused", async () => {
  await using box = await makeSandbox();
  for (const { config, found } of wrongWhole) {
    const dir = await projectWith(box, config);
    assertFailure(await box.task("build-native", ["--project", dir]), {
      exit: 2,
      says: ["1 fault\n", `  (whole file): found ${found}, wanted an object\n`],
    });
  }
});

Deno.test("a source directory that is missing, or leads out of the project, is refused", async () => {
  await using box = await makeSandbox();
  for (const [source, why] of [["nope", "(it does not exist)"], ["../..", "inside the project"]]) {
    const dir = await projectWith(box, JSON.stringify({ source }));
    assertFailure(await box.task("build-native", ["--project", dir]), {
      exit: 2,
      says: [`  source: found "${source}", wanted a directory inside the project`, why ?? ""],
    });
  }
});

Deno.test("globs that no file can match are refused before the build", async () => {
  await using box = await makeSandbox();
  const artifacts = ["[z-a]"];
  const dir = await projectWith(box, JSON.stringify({ artifacts }));
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 2,
    says: ['artifacts[0]: found "[z-a]", wanted a glob that can match'],
  });
  assert(!await exists(join(box.dir, "logs")), "a log was begun");
});

Deno.test("guesthouse.json that is not text is refused", async () => {
  await using box = await makeSandbox();
  const dir = await projectWith(box, new Uint8Array([0xff, 0xfe, 0x00]));
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 2,
    says: ["it is not UTF-8 text\n", "next: save "],
  });
});

Deno.test("guesthouse.json that is a directory or a link to itself is refused", async () => {
  await using box = await makeSandbox();
  const dir = await projectWith(box, "{}");
  const file = join(dir, "guesthouse.json");
  await Deno.remove(file);
  await Deno.mkdir(file);
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 2,
    says: [`Cannot read "${file}": it is a directory\n`, "next: make "],
  });
  await Deno.remove(file);
  await Deno.symlink("guesthouse.json", file);
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 2,
    says: [`Cannot read "${file}": `, "symbolic links"],
  });
});

Deno.test("guesthouse.json that leads out of the project or is huge is refused unread", async () => {
  await using box = await makeSandbox();
  const dir = await projectWith(box, "{}");
  const file = join(dir, "guesthouse.json");
  const secret = join(box.dir, "secret");
  await Deno.writeTextFile(secret, "hunter2\n");
  await Deno.remove(file);
  await Deno.symlink(secret, file);
  const outcome = await box.task("build-native", ["--project", dir]);
  assertFailure(outcome, {
    exit: 2,
    says: [`Cannot read "${file}": it is a link that leads out of the project\n`, "next: make "],
  });
  assert(!(outcome.stdout + outcome.stderr).includes("hunter2"), outcome.stderr);

  await Deno.remove(file);
  await Deno.writeTextFile(file, "{}");
  await Deno.truncate(file, 2 ** 40);
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 2,
    says: [`Cannot read "${file}": it is larger than 1048576 bytes\n`],
  });
});

Deno.test("guesthouse.json that is a FIFO is refused instead of waited for", async () => {
  await using box = await makeSandbox();
  const dir = await projectWith(box, "{}");
  const file = join(dir, "guesthouse.json");
  await Deno.remove(file);
  await $`mkfifo ${file}`;
  // Opened for both, which does not wait. Writing and closing lets go a reader that waits.
  const fifo = await Deno.open(file, { read: true, write: true });
  const running = box.start("build-native", ["--project", dir], { timeoutMs: 60_000 });
  const letGo = setTimeout(() => {
    fifo.writeSync(new TextEncoder().encode("{}"));
    fifo.close();
  }, 10_000);
  const outcome = await running.outcome;
  clearTimeout(letGo);
  assertFailure(outcome, { exit: 2, says: [`Cannot read "${file}": `] });
  fifo.close();
});

Deno.test("with --json a config fault is one document with all faults in its details", async () => {
  await using box = await makeSandbox();
  const dir = await projectWith(box, '{"sorce": ".", "cores": "many"}');
  const outcome = await box.task("build-native", ["--project", dir, "--json"]);
  const { ok, error } = documentOf<FailureDocument>(outcome);
  assertEquals([outcome.code, ok, error.exit], [2, false, 2]);
  assertMatch(error.message, /^Cannot use ".*guesthouse\.json": 2 faults$/);
  assertEquals(error.details.length, 2);
  assertEquals(error.next, `edit ${join(dir, "guesthouse.json")}`);
});

Deno.test("every build task refuses a wrong config before it starts anything", async () => {
  await using box = await makeSandbox();
  const dir = await projectWith(box, '{"sorce": "."}');
  for (const args of [["build-vm", "debian-amd64"], ["build-all", "native"]]) {
    const [name = "", ...rest] = args;
    assertFailure(await box.task(name, [...rest, "--project", dir]), {
      exit: 2,
      says: ['  sorce: unknown field, did you mean "source"?\n'],
    });
  }
  assert(!await exists(join(box.dir, "logs")), "a log was begun");
  await box.assertClean();
});

Deno.test("--project is refused when there is no such directory, or none is named", async () => {
  await using box = await makeSandbox();
  await Deno.writeTextFile(join(box.dir, "file"), "");
  const cases = [
    { project: "nope", why: "there is no such directory", path: join(box.dir, "nope") },
    { project: "file", why: "it is not a directory", path: join(box.dir, "file") },
    { project: "file/below", why: "", path: join(box.dir, "file/below") },
    { project: "", why: "the path is empty", path: box.dir },
  ];
  for (const { project, why, path } of cases) {
    const outcome = await box.task("build-native", [`--project=${project}`], { cwd: box.dir });
    assertFailure(outcome, {
      exit: 2,
      says: [
        `Cannot use project "${project}": ${why}`,
        // Relative to where the user calls from.
        `  looked at: ${path}\n`,
        "  next: pass --project DIR with the directory of a project\n",
      ],
    });
  }
});

Deno.test("for an empty project the error names the settings that say how to build it", async () => {
  await using box = await makeSandbox();
  const dir = join(box.dir, "empty");
  await Deno.mkdir(dir);
  const outcome = await box.task("build-native", ["--project", dir]);
  assertFailure(outcome, {
    exit: 2,
    says: [
      'Cannot plan the build of "empty": there is no CMakeLists.txt and there are no steps',
      `  next: set "source" or "steps" in ${join(dir, "guesthouse.json")}, such as {"steps"`,
    ],
  });
  await box.assertClean();
});

Deno.test("--artifacts is refused at once if the task could not write there", async () => {
  await using box = await makeSandbox();
  const file = join(box.dir, "file");
  await Deno.writeTextFile(file, "");
  const cases = [
    { artifacts: "/usr/local/out", why: "the permission set of this task does not include it" },
    { artifacts: file, why: "it is not a directory" },
    { artifacts: "", why: "the path is empty" },
  ];
  for (const { artifacts, why } of cases) {
    for (const name of ["build-native", "build-all"]) {
      const outcome = await box.task(name, [`--artifacts=${artifacts}`]);
      assertFailure(outcome, {
        exit: 2,
        says: [
          `Cannot copy artifacts to "${artifacts}": ${why}\n`,
          "next: name a directory below ",
        ],
      });
    }
  }
  assert(!await exists(join(box.dir, "logs")), "something was built");
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
