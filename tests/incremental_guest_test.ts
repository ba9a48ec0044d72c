// Builds again and again in real guests, with a build tree that outlives them.
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { $ } from "../lib/base/process/dollar.ts";
import { makeSandbox } from "./support/harness.ts";
import { assertFailure, assertNoBug, documentOf, killHard } from "./support/outcome.ts";
import { AMD64, SMALL } from "./support/own_snapshots.ts";
import { shellProject, writeProject } from "./support/projects.ts";
import { thorough } from "./support/thorough.ts";

/** CMake reads two files of which it says nothing to Ninja, and each is tested. */
const STALE = {
  "CMakeLists.txt": [
    "cmake_minimum_required(VERSION 3.16)",
    "file(STRINGS VERSION version LIMIT_COUNT 1)",
    "project(stale VERSION ${version} LANGUAGES C)",
    "execute_process(COMMAND cat ${CMAKE_SOURCE_DIR}/words.txt OUTPUT_VARIABLE words " +
    "OUTPUT_STRIP_TRAILING_WHITESPACE)",
    "add_executable(app main.c)",
    'target_compile_definitions(app PRIVATE VERSION="${version}" WORDS="${words}")',
    "enable_testing()",
    "foreach(file VERSION words.txt value.h)",
    '  add_test(NAME ${file} COMMAND sh -c "test \\"$($<TARGET_FILE:app> ${file})\\" = ' +
    '\\"$(cat ${CMAKE_SOURCE_DIR}/${file})\\"")',
    "endforeach()",
    'add_test(NAME state COMMAND sh -c "mkdir state")',
    "",
  ].join("\n"),
  "VERSION": "1.0.0\n",
  "words.txt": "one\n",
  "value.h": "11\n",
  "main.c": [
    "#include <stdio.h>",
    "#define TEXT(value) #value",
    "#define SHOW(value) TEXT(value)",
    "static const int value =",
    '#include "value.h"',
    ";",
    "int main(int argc, char **argv) {",
    "  switch (argc > 1 ? argv[1][0] : 0) {",
    "  case 'V': puts(argv[1][1] == 'E' ? VERSION : \"\"); return 0;",
    "  case 'w': puts(WORDS); return 0;",
    '  default: printf("%d\\n", value); return 0;',
    "  }",
    "}",
    "",
  ].join("\n"),
};

/** What happens to the project, and how a build from nothing then ends; more of it at length. */
const EDITS: [script: string, code: number, tree: RegExp, isShort: boolean][] = [
  // Ninja would configure for ever.
  ["touch -d 2099-01-01 CMakeLists.txt value.h", 0, /from nothing: there is no/, true],
  ["echo 2.0.0 >VERSION", 0, /from nothing: more than a compiler reads "VERSION"/, true],
  ["echo 22 >value.h; touch -d '2 days ago' value.h", 0, /build tree: kept/, true],
  ["sed -i 's/return 0/return O/' main.c; touch -d 2020-01-01 main.c", 1, /tree: kept/, true],
  ["sed -i 's/return O/return 0/' main.c; touch -d 2020-01-01 main.c", 0, /has failed/, true],
  ["echo two >words.txt", 0, /from nothing: more than a compiler reads "words.txt"/, false],
  ["echo value.h >.gitignore", 1, /from nothing: ".gitignore" has come, gone/, false],
  ["rm .gitignore", 0, /from nothing: the last build has failed/, false],
  ["mv main.c app.c", 1, /from nothing: "app.c" has come, gone/, false],
];

Deno.test("build-vm --incremental gives the verdict of a build from nothing", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "stale", STALE);
  const args = [AMD64, "--incremental", "--json", "--project", project, ...SMALL];
  for (const [script, code, tree] of EDITS.filter(([, , , isShort]) => isShort || thorough)) {
    await $`sh -euc ${script}`.cwd(project);
    const outcome = await box.task("build-vm", args);
    assertNoBug(outcome);
    const log = await Deno.readTextFile(documentOf(outcome).platforms[0].log);
    assertEquals(outcome.code, code, `${script}\n${log}`);
    assertMatch(log, tree, script);
  }
  await box.assertClean();
});

const CMAKE = {
  "CMakeLists.txt": [
    "cmake_minimum_required(VERSION 3.13)",
    "project(little C)",
    "add_executable(little little.c)",
    "enable_testing()",
    "add_test(NAME little COMMAND little)",
    "",
  ].join("\n"),
  "little.c": '#include <stdio.h>\nint main(void) { puts("one"); return 0; }\n',
  "unused.txt": "",
};

Deno.test("build-vm --incremental keeps the build tree, follows changes, and survives what goes wrong", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "little", CMAKE);
  const run = async (...args: string[]) => {
    const outcome = await box.task("build-vm", [
      ...[AMD64, "--incremental", "--json", "--project", project, ...SMALL, ...args],
    ]);
    assertNoBug(outcome);
    const [row] = documentOf(outcome).platforms;
    return { ...outcome, log: await Deno.readTextFile(row.log) };
  };
  const first = await run();
  assertEquals(first.code, 0, first.stderr);
  assertMatch(first.log, /build cache: created \(there was none\)/);
  assertMatch(first.log, /Building C object/);

  const same = await run();
  assertEquals(same.code, 0, same.stderr);
  assertMatch(same.log, /no work to do/);
  assertMatch(same.log, /configure: left out/);
  assertMatch(same.log, /100% tests passed/);

  // What is gone from the project is gone from the guest, and what has changed is built.
  await Deno.remove(join(project, "unused.txt"));
  await Deno.writeTextFile(join(project, "little.c"), "int main(void) { return 3; }\n");
  const failing = await run();
  assertEquals(failing.code, 1, failing.stderr);
  assertMatch(failing.log, /from nothing: "unused.txt" has come, gone/);
  assertMatch(failing.log, /Building C object/);

  await Deno.writeTextFile(join(project, "little.c"), "int main(void) { return 0; }\n");
  const mended = await run();
  assertEquals(mended.code, 0, mended.stderr);
  assertMatch(mended.log, /build tree: kept[^]*Building C object/);

  // Also where no snapshot, and so no resume service, is at hand.
  const cold = await run("--cold");
  assertEquals(cold.code, 0, cold.stderr);
  assertMatch(cold.log, /no work to do/);

  // Cut off while the disk is mounted: only the cache is lost.
  const hanging = await writeProject(box.dir, "little", shellProject({ hang: "sleep 100" }));
  assertEquals(hanging, project);
  const killed = box.start("build-vm", [AMD64, "--incremental", "--project", project, ...SMALL]);
  await killed.waitFor(/hang/);
  await killHard(killed);
  await Deno.remove(join(project, "guesthouse.json"));
  const after = await run();
  assertEquals(after.code, 0, after.stderr);
  assertMatch(after.log, /created \(the guest that had it was cut off\)/);

  // A damaged disk.
  {
    const path = await $`find ${join(box.dir, "state/caches")} -name disk.raw`.text();
    using disk = await Deno.open(path, { write: true });
    await disk.write(crypto.getRandomValues(new Uint8Array(65536)));
  }
  const damaged = await run();
  assertEquals(damaged.code, 0, damaged.stderr);
  assertMatch(damaged.log, /created \(its disk holds no file system\)/);

  const kept = await box.task("build-vm", [AMD64, "--incremental", "--keep"]);
  assertFailure(kept, { exit: 2, says: ["--keep and --incremental exclude each other"] });
  await box.assertClean();
});
