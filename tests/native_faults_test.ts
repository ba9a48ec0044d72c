// Builds on the host that hang, are interrupted, or meet each other. Starts no guest.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { makeSandbox, type Sandbox } from "./support/harness.ts";
import { hostWithout } from "./support/hosts.ts";
import { assertFailure, documentOf, killHard } from "./support/outcome.ts";
import { findProgram } from "../lib/base/process/find_program.ts";
import { UNSEEN } from "../lib/base/text/plain_text.ts";
import { scriptProject } from "./support/script_project.ts";

/** A script that hangs in itself and in a child, both of which ignore TERM and name the sandbox. */
function hangingScript(box: Sandbox): string {
  const file = join(box.dir, "watched");
  const watch = `tail -f '${file}' >/dev/null`;
  return `trap '' TERM; touch '${file}'; ${OWN_SESSION} ${watch} & ${watch} & echo hanging; ${watch}; exit 1`;
}

/** A session of its own is not ended with the group of its step. */
const OWN_SESSION = Deno.build.os === "linux" ? "setsid" : "";

Deno.test("timeouts.step ends a step that hangs, with its children", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, hangingScript(box), { timeouts: { step: "1s" } });
  assertFailure(await box.task("build-native", ["--project", dir]), {
    exit: 1,
    says: [
      'error: Cannot finish "sh" on the host: it still ran after 1 s\n',
      '  next: set a longer "timeouts" in guesthouse.json\n',
    ],
  });
  await box.assertClean();
});

Deno.test("timeouts.total ends the steps even if each is within its own limit", async () => {
  await using box = await makeSandbox();
  const step = { name: "nap", run: ["sh", "-c", `sleep 0.7; : ${box.dir}`] };
  const dir = await scriptProject(box, "", {
    steps: { default: [step, step, step, { name: "last", run: ["echo", "the last step"] }] },
    timeouts: { step: "30s", total: "1s" },
  });
  const outcome = await box.task("build-native", ["--project", dir]);
  assertFailure(outcome, {
    exit: 1,
    says: [
      'Cannot finish the build on native: it still ran after 1 s, in phase "nap"\n',
      '  next: set a longer "total" in "timeouts" of guesthouse.json\n',
    ],
  });
  assert(!outcome.stdout.includes("the last step"));
  await box.assertClean();
});

Deno.test("timeouts.total counts the artifacts, too", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, "", {
    steps: { default: [{ name: "s", run: ["sh", "-c", 'truncate -s 64M "$0/large"', "{build}"] }] },
    artifacts: ["large"],
    timeouts: { total: "2s" },
  });
  // A copy that hangs.
  const PATH = await hostWithout(box, /^cp$/, { cp: `tail -f '${dir}/guesthouse.json'` });
  const args = ["--project", dir, "--artifacts", join(box.dir, "out")];
  assertFailure(await box.task("build-native", args, { env: { PATH } }), {
    exit: 1,
    says: ['Cannot finish the build on native: it still ran after 2 s, in phase "artifacts"\n'],
  });
  await box.assertClean();
});

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`${name} during a step gives status 130 and leaves nothing`, async () => {
    await using box = await makeSandbox();
    const dir = await scriptProject(box, hangingScript(box));
    const task = box.start("build-native", ["--project", dir, "--json"]);
    await task.waitFor(/hanging/);
    task.signal(name);
    const outcome = await task.outcome;
    assertFailure(outcome, { exit: 130, says: [`Interrupted by ${name}`] });
    const { ok, error, platforms } = documentOf(outcome);
    assertEquals([ok, error.exit], [false, 130]);
    assertEquals(platforms.map((row: { status: string }) => row.status), ["interrupted"]);
    await box.assertClean();
    await assertBuilds(box);
  });
}

Deno.test("kill -9 during a step leaves nothing, and blocks no later build", async () => {
  await using box = await makeSandbox();
  const dir = await scriptProject(box, hangingScript(box));
  const task = box.start("build-native", ["--project", dir]);
  await task.waitFor(/hanging/);
  await killHard(task);
  await box.assertClean();
  await assertBuilds(box);
});

Deno.test("what a step leaves running serves the next steps, and ends with the build", async () => {
  await using box = await makeSandbox();
  const [alive, hidden] = ["alive", "hidden"].map((name) => join(box.dir, name));
  // Ten times a second, so that each step sees whether it still runs.
  const beat = (file = "") =>
    `'while :; do echo x >>"$0"; sleep 0.1; done' '${file}' >/dev/null 2>&1 &`;
  const beats = `rm -f '${alive}'; sleep 1; test -e '${alive}'`;
  const steps = {
    default: [
      // Until it has dropped its variables, it can be found.
      `${OWN_SESSION} sh -c ${beat(alive)} sh -c ${beat(alive)} env -i "$(command -v sh)" -c ${
        beat(hidden)
      } until test -e '${hidden}'; do sleep 0.1; done`,
      `${beats} && echo it serves`,
      `rm -f '${hidden}'; sleep 1; test ! -e '${hidden}' && echo hidden ends; exit 3`,
    ].map((script, index) => ({ name: `step ${index}`, run: ["sh", "-c", script] })),
  };
  const dir = await scriptProject(box, "", { steps });
  const { code, stdout, stderr } = await box.task("build-native", ["--project", dir]);
  assertEquals(code, 1);
  assertMatch(stdout, /^it serves$/m, stderr);
  // What cannot be found at the end of the build ends with its step.
  assertMatch(stdout, /^hidden ends$/m);
  await box.assertClean();
});

/** The same project builds again at once: no lock, directory or log is in the way. */
async function assertBuilds(box: Sandbox): Promise<void> {
  const dir = await scriptProject(box, "echo again");
  const { code, stdout } = await box.task("build-native", ["--project", dir]);
  assertEquals(code, 0);
  assertMatch(stdout, /^again$/m);
}

Deno.test("two builds of one project wait for each other and keep their logs apart", async () => {
  await using box = await makeSandbox();
  const gate = join(box.dir, "gate");
  const script = `echo in; while [ ! -e '${gate}' ]; do sleep 0.1; done; [ ! -e busy ] || exit 9
touch busy; sleep 0.3; rm busy`;
  const steps = { default: [{ name: "s", run: ["sh", "-c", script], cwd: "{build}" }] };
  const dir = await scriptProject(box, "", { steps });
  const first = box.start("build-native", ["--project", dir]);
  await first.waitFor(/^in$/m);
  const second = box.start("build-native", ["--project", dir]);
  await second.waitFor(/^==> native: waiting$/m);
  await Deno.writeTextFile(gate, "");
  const outcomes = await Promise.all([first.outcome, second.outcome]);
  assertEquals(outcomes.map(({ code }) => code), [0, 0], outcomes[1].stderr);
  assertStringIncludes(outcomes[0].stdout, join(box.dir, "logs/native.log"));
  assertStringIncludes(outcomes[1].stdout, join(box.dir, "logs/native-2.log"));
});

Deno.test("builds of two projects of one name do not wait for each other", async () => {
  await using box = await makeSandbox();
  const tasks = [];
  for (const parent of ["a", "b"]) {
    const dir = join(box.dir, parent, "same");
    await Deno.mkdir(dir, { recursive: true });
    // Each ends only when the other has begun.
    const other = join(box.dir, parent === "a" ? "b" : "a", "same/begun");
    const script = `touch begun; while [ ! -e '${other}' ]; do sleep 0.1; done`;
    const steps = { default: [{ name: "s", run: ["sh", "-c", script] }] };
    await Deno.writeTextFile(join(dir, "guesthouse.json"), JSON.stringify({ steps }));
    tasks.push(box.task("build-native", ["--project", dir], { timeoutMs: 60_000 }));
  }
  assertEquals((await Promise.all(tasks)).map(({ code }) => code), [0, 0]);
});

/** What a terminal obeys or does not show, and what begins a command to a CI service. */
const UNSAFE = new RegExp(`${UNSEEN.source}|^\\s*::|##\\[`, "mv");

Deno.test("a step's output controls no terminal and no CI service, and is logged unchanged", async () => {
  await using box = await makeSandbox();
  const octal =
    "\\033]52;c;cm0=\\007 \\302\\233 \\342\\200\\256end\\n::error::x\\n##[group]x\\n\\351\\n";
  const dir = await scriptProject(box, `printf '${octal}'; exit 3`);
  for (const options of [[], ["--quiet"], ["--json"]]) {
    const outcome = await box.task("build-native", ["--project", dir, ...options]);
    assertFailure(outcome, { exit: 1, says: ["end\n", "\\::error::x\n", "#\\#[group]x\n"] });
    assertEquals([UNSAFE.exec(outcome.stdout), UNSAFE.exec(outcome.stderr)], [null, null]);
  }
  const log = await Deno.readTextFile(join(box.env.GUESTHOUSE_LOGS!, "native.log"));
  assertStringIncludes(log, "control characters included\n");
  // Not UTF-8.
  assert((await Deno.readFile(join(box.env.GUESTHOUSE_LOGS!, "native.log"))).includes(0o351));
  assertStringIncludes(log, "\x1b]52;c;cm0=\x07 \u009b \u202eend\n::error::x\n##[group]x\n");
});

Deno.test("a step that fails after megabytes without a line end is reported in a few lines", async () => {
  await using box = await makeSandbox();
  const bar =
    "yes 'progress 10 of 100' | tr '\\n' '\\r' | head -c 5000000; printf x%.0s $(seq 9000)";
  const dir = await scriptProject(box, `${bar}; echo; echo the real error; exit 3`);
  const outcome = await box.task("build-native", ["--project", dir, "--quiet", "--json"]);
  assertFailure(outcome, { exit: 1, says: ["the real error\n"] });
  assert(outcome.stderr.length + outcome.stdout.length < 10_000, outcome.stderr.slice(0, 2000));
  assertEquals(documentOf(outcome).platforms[0].error.details.at(-1), "the real error");
});

Deno.test("variables of the dynamic linker reach the steps, from the user and from the project", async () => {
  await using box = await makeSandbox();
  const script = 'echo "<$LD_LIBRARY_PATH> <$LD_ANY> <$SECRET>"';
  const dir = await scriptProject(box, script, { env: { LD_ANY: "of the project" } });
  const env = { LD_LIBRARY_PATH: "/of the/user", LD_ANY: "of the user", SECRET: "s" };
  const { code, stdout, stderr } = await box.task("build-native", ["--project", dir], { env });
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "</of the/user> <of the project> <s>\n");
});

Deno.test({
  name: "read-only directories that a build leaves stop neither the next one nor clean",
  ignore: Deno.uid() === 0 && findProgram("setpriv") === undefined,
  async fn() {
    await using box = await makeSandbox();
    // Root, which may do no more than others.
    const drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
    const wrapper = Deno.uid() === 0 ? drop : [];
    const script = 'mkdir -p "$0/mod/deep"; echo x >"$0/mod/deep/file"; chmod -R a-w "$0/mod"';
    const dir = await scriptProject(box, "", {
      steps: { default: [{ name: "script", run: ["sh", "-c", script, "{build}"] }] },
      artifacts: ["mod"],
    });
    const args = ["--project", dir, "--artifacts", join(box.dir, "out")];
    for (let turn = 0; turn < 2; turn++) {
      const { code, stderr } = await box.task("build-native", args, { wrapper });
      assertEquals(code, 0, stderr);
      await Deno.chmod(join(box.dir, "out/native/mod/deep"), 0o555);
    }
    const cleaned = await box.task("clean", ["--project", dir], { wrapper });
    assertEquals([cleaned.code, cleaned.stderr], [0, ""]);
    assertMatch(cleaned.stdout, /^1 removed/m);
  },
});

Deno.test({
  name: "a step starts with SIGINT and SIGQUIT at their defaults, as in a terminal",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using box = await makeSandbox();
    const dir = await scriptProject(box, "grep SigIgn /proc/self/status");
    const { code, stdout } = await box.task("build-native", ["--project", dir]);
    // Bits 1 and 2 are SIGINT and SIGQUIT.
    const ignored = Number.parseInt(/^SigIgn:\t(\w+)$/m.exec(stdout)?.[1] ?? "f", 16);
    assertEquals([code, ignored & 0b110], [0, 0], stdout);
  },
});

Deno.test("build-native names a file with a time in the future where a step has failed", async () => {
  await using box = await makeSandbox();
  const project = await scriptProject(box, "exit 1");
  await Deno.writeTextFile(join(project, "late.c"), "");
  const build = () => box.task("build-native", ["--project", project]);
  const others = await build();
  assertEquals(others.stderr.includes("in the future"), false, others.stderr);
  await Deno.utime(join(project, "late.c"), 4e9, 4e9);
  assertFailure(await build(), {
    exit: 1,
    says: ['/late.c" has a time in the future', `find ${project} -newermt now -exec touch`],
  });
  await box.assertClean();
});
