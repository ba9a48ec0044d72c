// How ci-diagnose reads logs, and what it answers. Starts no guest.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { makeSandbox, type Sandbox } from "./support/harness.ts";
import { assertFailure, assertNoBug, documentOf } from "./support/outcome.ts";

const CONSOLE = "[    1.0] Run /init as init process\n[module] ext4.ko: errno=2\n" +
  "[    1.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00004000\n";

async function writeLog(box: Sandbox, name: string, text: string, ageMinutes = 0): Promise<string> {
  const path = join(box.dir, "logs", name);
  await Deno.mkdir(join(box.dir, "logs"), { recursive: true });
  await Deno.writeTextFile(path, text);
  const time = new Date(Date.now() - ageMinutes * 60_000);
  await Deno.utime(path, time, time);
  return path;
}

Deno.test("ci-diagnose names the cause in the newest logs, and what to run", async () => {
  await using box = await makeSandbox();
  await writeLog(box, "debian-arm64.console.log", CONSOLE);
  await writeLog(box, "debian-arm64.log", '== Cannot start guest "debian-arm64"\n', 2);
  await writeLog(box, "debian-amd64.console.log", "[init] execv failed: errno=8\n", 60);
  const outcome = await box.task("ci-diagnose", [], { cwd: box.dir });
  assertEquals([outcome.code, outcome.stderr], [0, ""]);
  assertMatch(
    outcome.stdout,
    /^cause: its initramfs lacks the module ext4\.ko \[module-missing\]\n {2}logs\/debian-arm64\.console\.log:2\n/,
  );
  assertStringIncludes(outcome.stdout, "run: deno task setup-images debian-arm64 --force\n");
  assertEquals(outcome.stdout.includes("errno=8"), false);
});

Deno.test("ci-diagnose reads files, directories and standard input", async () => {
  await using box = await makeSandbox();
  const path = await writeLog(box, "debian-arm64.console.log", CONSOLE);
  for (const name of [path, "logs", "logs/debian-arm64.console.log"]) {
    const { code, stdout } = await box.task("ci-diagnose", ["--json", name], { cwd: box.dir });
    const { ok, findings, others } = JSON.parse(stdout);
    assertEquals([code, ok, others], [0, true, []]);
    assertEquals(findings.map(({ id }: { id: string }) => id), ["module-missing", "init-ended"]);
    assertEquals([findings[0].line, findings[0].role, findings[0].endsBoot], [2, "cause", false]);
  }
  // A task of the harness has an empty standard input.
  const empty = await box.task("ci-diagnose", ["-"]);
  assertEquals([empty.code, empty.stdout], [1, "- is empty\n"]);
});

Deno.test("ci-diagnose shows the last lines and ends with status 1 where it knows nothing", async () => {
  await using box = await makeSandbox();
  await writeLog(box, "native.log", "== build: status 0 after 1.0 s\nall well\n");
  const outcome = await box.task("ci-diagnose", [], { cwd: box.dir });
  assertEquals(outcome.code, 1);
  assertStringIncludes(outcome.stdout, "logs/native.log, its last 2 of 2 lines:\n");
  assertStringIncludes(outcome.stderr, "no known symptom in logs/native.log");
  assertStringIncludes(outcome.stderr, "docs/debugging.md");
  const json = documentOf(await box.task("ci-diagnose", ["--json"], { cwd: box.dir }));
  assertEquals([json.ok, json.findings, json.tails[0].lines.at(-1)], [false, [], "all well"]);
});

const wrong = [
  { args: ["nosuch.log"], says: ['Cannot diagnose "nosuch.log": there is no such file\n'] },
  { args: ["run"], says: ['Cannot diagnose "run": the directory holds no .log or .txt file\n'] },
  { args: [], says: ['Cannot diagnose a run: there is no log in "logs"\n', "--run ID"] },
  { args: ["--run", "latest"], says: ["--run must be a whole number", 'found "latest"'] },
  { args: ["--run", "0"], says: ["--run must be a whole number"] },
  { args: ["--run", "7", "a.log"], says: ["LOG and --run exclude each other\n"] },
];

Deno.test("ci-diagnose refuses what it cannot read with status 2", async () => {
  await using box = await makeSandbox();
  for (const { args, says } of wrong) {
    const outcome = await box.task("ci-diagnose", args, { cwd: box.dir });
    assertFailure(outcome, { exit: 2, says: [...says, "  next: "] });
  }
});

/** Puts a program of the name `gh` in front of all others. */
async function withGh(box: Sandbox, script: string): Promise<Record<string, string>> {
  const bin = join(box.dir, "bin");
  await Deno.mkdir(bin, { recursive: true });
  await Deno.writeTextFile(join(bin, "gh"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${bin}:${Deno.env.get("PATH")}` };
}

Deno.test("ci-diagnose --run reads what gh says of a run", async () => {
  await using box = await makeSandbox();
  const env = await withGh(
    box,
    `echo "$*" >${box.dir}/args; printf 'ci\\tbuild\\t2026-11-21T10:00:00.1234567Z   | %s\\n' ` +
      `'[init] execv failed: errno=8'`,
  );
  const outcome = await box.task("ci-diagnose", ["--run", "1234567890"], { env, cwd: box.dir });
  assertEquals(outcome.code, 0, outcome.stderr);
  assertMatch(outcome.stdout, /\[init-exec-format\]\n {2}run 1234567890:1\n/);
  assertEquals(
    await Deno.readTextFile(join(box.dir, "args")),
    "run view 1234567890 --log-failed\n",
  );
});

Deno.test("ci-diagnose --run passes on why gh refuses", async () => {
  await using box = await makeSandbox();
  const cases = [
    { text: "To get started, run: gh auth login", exit: 3, says: ["  next: gh auth login\n"] },
    { text: "HTTP 404: Not Found", exit: 2, says: ["has no such run", "next: gh run list"] },
    { text: "the moon is wrong", exit: 3, says: ["gh failed", "gh: the moon is wrong"] },
  ];
  for (const { text, exit, says } of cases) {
    const env = await withGh(box, `echo '${text}' >&2; exit 1`);
    const outcome = await box.task("ci-diagnose", ["--run", "7"], { env, cwd: box.dir });
    assertFailure(outcome, { exit, says: ["Cannot read run 7: ", ...says] });
  }
});

Deno.test("ci-diagnose --run without gh ends with status 3 and the command that installs it", async () => {
  await using box = await makeSandbox();
  const bin = join(box.dir, "bin");
  await Deno.mkdir(bin);
  for (const name of ["deno", "apt-get"]) {
    await Deno.writeTextFile(join(bin, name), `#!/bin/sh\nexec ${Deno.execPath()} "$@"\n`, {
      mode: 0o755,
    });
  }
  const outcome = await box.task("ci-diagnose", ["--run", "7"], { env: { PATH: bin } });
  assertFailure(outcome, {
    exit: 3,
    says: ['Cannot read run 7: "gh" is not installed\n', "  next: sudo apt-get install gh\n"],
  });
});

Deno.test("ci-diagnose --dry-run runs nothing, with gh or without", async () => {
  await using box = await makeSandbox();
  const outcome = await box.task("ci-diagnose", ["--run", "7", "--dry-run"]);
  assertEquals([outcome.code, outcome.stdout], [0, "gh run view 7 --log-failed\n"]);
  assertNoBug(outcome);
});
