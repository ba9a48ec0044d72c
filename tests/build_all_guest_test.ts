// Boots real guests.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { root } from "../lib/base/files/paths.ts";
import { makeSandbox } from "./support/harness.ts";
import { assertFailure, assertNoBug, documentOf } from "./support/outcome.ts";
import { listTree, shellProject, writeProject } from "./support/projects.ts";
import { fetchSource } from "./support/sources.ts";
import { thorough } from "./support/thorough.ts";

/** The host and the common platforms; without names, it would be all that are set up here. */
const EVERYWHERE = ["native", "debian-amd64", "debian-arm64"];

Deno.test("build-all builds and tests the sample natively and in both guests", async () => {
  await using box = await makeSandbox();
  const before = await listTree(join(root, "examples/hello-cmake"));
  const artifacts = join(box.dir, "artifacts");
  const outcome = await box.task("build-all", [
    ...["--json", "--artifacts", artifacts, ...EVERYWHERE],
  ]);
  assertEquals(outcome.code, 0, outcome.stderr);
  const document = documentOf(outcome);
  assertEquals(document.ok, true);
  assertEquals(document.platforms.map((row: { name: string }) => row.name), [
    "native",
    "debian-amd64",
    "debian-arm64",
  ]);
  for (const row of document.platforms) {
    assertEquals([row.status, row.exitCode], ["pass", 0], row.name);
    assertStringIncludes(await Deno.readTextFile(row.log), "100% tests passed");
    assert(row.seconds.total >= row.seconds.build && row.seconds.build > 0, row.name);
    // The first one on a machine boots and saves a snapshot for the others.
    if (row.name === "native") assertEquals(row.start, null);
    else assertMatch(row.start, /^(cold|warm)$/);
    assert(row.artifacts.length > 0, `${row.name} has no artifacts`);
    for (const path of row.artifacts) assert((await Deno.stat(path)).isFile, path);
  }
  // Each guest's program is of the guest's own architecture (e_machine of its ELF header).
  for (const [name, machine] of [["debian-amd64", 62], ["debian-arm64", 183]] as const) {
    const row = document.platforms.find((row: { name: string }) => row.name === name);
    const hello = row.artifacts.find((path: string) => path.endsWith("/hello"));
    assertEquals((await Deno.readFile(hello))[18], machine);
    const console = await Deno.readTextFile(join(box.dir, `logs/${name}.console.log`));
    assertMatch(console, /guesthouse: (ready|resumed)/);
  }
  assertEquals(await listTree(join(root, "examples/hello-cmake")), before);
  await box.assertClean();
});

Deno.test("build-all that is interrupted starts nothing more, and shows what had ended", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "hang", shellProject({ hang: "sleep 600" }));
  const args = ["--jobs", "1", "--project", project, ...EVERYWHERE];
  const task = box.start("build-all", args);
  // The guests take most memory: the first of them runs, the others wait.
  await task.waitFor(/^debian-a\w+: hang$/m);
  task.signal("SIGINT");
  const outcome = await task.outcome;
  assertFailure(outcome, { exit: 130, says: ["Interrupted by SIGINT"] });
  assertEquals(outcome.stdout.match(/ interrupted /g)?.length, 3, outcome.stdout);
  const [, after = ""] = outcome.stderr.split("Cleaning up after SIGINT\n");
  assertEquals(after.match(/^[\w-]+: (?!interrupted|shutdown).*$/m), null);
  await box.assertClean();
});

/** C is compiled soon also under emulation; C++ takes minutes. */
const PACKAGES = [{ name: "cjson", isLong: false }, { name: "fmtlib", isLong: true }];

for (const { name, isLong } of PACKAGES) {
  const title = `build-all builds ${name}, as Debian's source package has it, in both guests`;
  Deno.test(title, { ignore: isLong && !thorough }, async () => {
    await using box = await makeSandbox();
    const source = await fetchSource(name, box.dir);
    // Its own tests are the package's business, and take minutes to compile under emulation.
    const config = {
      cmakeFlags: {
        all: [
          "-DFMT_TEST=OFF",
          "-DFMT_DOC=OFF",
          "-DENABLE_CJSON_TEST=OFF",
          "-DENABLE_CUSTOM_COMPILER_FLAGS=OFF",
        ],
      },
    };
    await Deno.writeTextFile(join(source, "guesthouse.json"), JSON.stringify(config));
    const outcome = await box.task(
      "build-all",
      ["--json", "--project", source, "debian-amd64", "debian-arm64"],
      { timeoutMs: 1_800_000 },
    );
    assertEquals(outcome.code, 0, outcome.stderr);
    for (const row of documentOf(outcome).platforms) {
      assertEquals([row.status, row.exitCode], ["pass", 0], row.name);
      const log = await Deno.readTextFile(row.log);
      assertMatch(log, name === "cjson" ? /Linking .* libcjson\.so/ : /Linking .* libfmt\.a/);
    }
    await box.assertClean();
  });
}

Deno.test("build-all continues after a platform fails, and exits with 1", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "half", {
    ...shellProject({ check: '[ "$(uname -n)" != debian-amd64 ] || { echo bad luck; exit 9; }' }),
  });
  const outcome = await box.task("build-all", [
    ...["--json", "--project", project, "native", "debian-amd64", "debian-arm64"],
  ]);
  assertEquals(outcome.code, 1, outcome.stderr);
  const document = documentOf(outcome);
  assertEquals(document.ok, false);
  assertEquals(
    document.platforms.map((
      row: { status: string; exitCode: number },
    ) => [row.status, row.exitCode]),
    [["pass", 0], ["fail", 9], ["pass", 0]],
  );
  assertStringIncludes(outcome.stderr, "bad luck");
  await box.assertClean();
});

Deno.test("two build-all at once both pass, each with logs of its own", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "two", shellProject({ work: "echo done; sleep 3" }));
  const args = ["--json", "--project", project, "native", "debian-amd64"];
  const outcomes = await Promise.all([box.task("build-all", args), box.task("build-all", args)]);
  const logs = outcomes.map((outcome) => {
    assertEquals(outcome.code, 0, outcome.stderr);
    assertNoBug(outcome);
    return documentOf(outcome).platforms.map((row: { log: string }) => row.log);
  });
  assertEquals(new Set(logs.flat()).size, 4);
  await box.assertClean();
});

Deno.test("build-all lists a platform that is not set up, which is an error only if named", async () => {
  await using box = await makeSandbox();
  const project = await writeProject(box.dir, "none", shellProject({ work: "true" }));
  const env = { GUESTHOUSE_IMAGES: join(box.dir, "images") };
  const lenient = await box.task("build-all", ["--json", "--project", project], { env });
  assertEquals(lenient.code, 0, lenient.stderr);
  assertEquals(
    documentOf(lenient).platforms.map((row: { status: string }) => row.status),
    ["pass", "skip", "skip"],
  );
  const next = "deno task setup-images debian-arm64 --yes";
  assertStringIncludes(lenient.stdout, next);
  const named = await box.task("build-all", ["--project", project, "debian-arm64"], { env });
  assertFailure(named, { exit: 3, says: ["its image is not set up", `next: ${next}`] });
  const strict = await box.task("build-all", ["--project", project, "--strict"], { env });
  assertFailure(strict, { exit: 3, says: ["its image is not set up"] });
});
