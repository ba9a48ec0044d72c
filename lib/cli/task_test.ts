import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { UNSEEN } from "../base/text/plain_text.ts";
import { HOSTILE } from "./testdata/hostile.ts";
import { runSample, SAMPLE, startSample } from "./testdata/run_sample.ts";

Deno.test("runTask() ends with status 0, with main's status, or with the error's", async () => {
  assertEquals(await runSample("ok"), { code: 0, stdout: "", stderr: "" });
  assertEquals(await runSample("status"), { code: 42, stdout: "", stderr: "" });
  assertEquals(await runSample("fail"), {
    code: 1,
    stdout: "",
    stderr: `Cannot build "hello": the compiler failed
  main.c:1: error
  next: see logs/hello.log
`,
  });
});

Deno.test("runTask() gives main its arguments and its output", async () => {
  const args = ["context", "--dry-run", "--memory=256", "--", "ls", "--help"];
  const plain = await runSample(...args);
  assertEquals(plain, {
    code: 0,
    stdout: 'args context rest ["ls","--help"]\n',
    stderr: "==> Look around\n",
  });
  const json = await runSample("--json", ...args);
  assertEquals(json.stdout, '{"ok":true,"memory":256,"dryRun":true}\n');
  assertEquals(json.stderr, '==> Look around\nargs context rest ["ls","--help"]\n');
});

Deno.test("runTask() answers --help whatever else is wrong", async () => {
  for (const args of [["--help"], ["-h"], ["--nonsense", "-qh"]]) {
    const { code, stdout, stderr } = await runSample(...args);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^sample: End in many ways\n\nusage: deno task sample/);
  }
  const { help } = JSON.parse((await runSample("--help", "--json")).stdout);
  assertEquals([help.name, help.positionals[0].name], ["sample", "MODE"]);
});

Deno.test("runTask() refuses wrong arguments with status 2", async () => {
  assertEquals(await runSample("--memroy=5"), {
    code: 2,
    stdout: "",
    stderr: `Cannot run "sample": unknown option "--memroy", did you mean "--memory"?
  CMD goes after "--"
  usage: deno task sample [options] MODE [-- CMD...]
  next: deno task sample --help
`,
  });
});

Deno.test("runTask() with --json prints exactly one document, also on failure", async () => {
  const documents = async (...args: string[]) => JSON.parse((await runSample(...args)).stdout);
  assertEquals(await documents("ok", "--json"), { ok: true, exit: 0 });
  assertEquals(await documents("status", "--json"), { ok: false, exit: 42 });
  assertEquals(await documents("fail", "--json"), {
    ok: false,
    platforms: ["debian-amd64"],
    error: {
      message: 'Cannot build "hello": the compiler failed',
      details: ["main.c:1: error"],
      next: "see logs/hello.log",
      exit: 1,
    },
  });
  const { ok, error } = await documents("--json", "ok", "--memory");
  assertEquals([ok, error.exit], [false, 2]);
  assertEquals(error.message, 'Cannot run "sample": --memory needs a value: --memory N');
  assertEquals((await documents("bug", "--json")).error.details, ["This is a bug in guesthouse."]);
});

Deno.test("runTask() shows the stack of a bug only with --verbose", async () => {
  const text = `Cannot finish "sample": TypeError: undefined is not a guest
  This is a bug in guesthouse.
  next: rerun with --verbose, and report what it prints in the issue tracker of guesthouse
`;
  assertEquals(await runSample("bug"), { code: 1, stdout: "", stderr: text });
  const { stderr } = await runSample("bug", "--verbose");
  assertStringIncludes(stderr, `${text}TypeError: undefined is not a guest\nsecond line\n    at `);
});

Deno.test("runTask() cleans up after an error that nobody caught", async () => {
  const lost = await runSample("lostPromise");
  assertEquals(lost.code, 1);
  assertStringIncludes(
    lost.stderr,
    '\ncleaned up\nCannot finish "sample": TypeError: nobody awaits this\n  This is a bug',
  );
  const { code, stderr } = await runSample("lostException");
  assertEquals(code, 1);
  assertMatch(stderr, /\nCannot watch the console: it is closed\n$/);
});

Deno.test("runTask() shows Deno's message when a permission is missing", async () => {
  const { code, stderr } = await runSample("denied");
  assertEquals(code, 1);
  assertMatch(stderr, /^Cannot finish "sample": Requires write access to .*--allow-write flag\n/);
});

Deno.test("runTask() reports the original fault before that of the cleanup", async () => {
  assertEquals(
    (await runSample("cleanup")).stderr,
    `Cannot build "hello": the compiler failed
  then, while cleaning up: Cannot remove "overlay": it is busy
`,
  );
});

Deno.test("runTask() accepts a reader that goes away", async () => {
  const child = startSample(["lines"]);
  await child.stdin.close();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const stderr = await new Response(child.stderr).text();
  assertEquals([(await child.status).code, stderr], [0, ""]);
});

/** What a terminal obeys or does not show, and what begins a command to a CI service. */
const UNSAFE = new RegExp(`${UNSEEN.source}|^\\s*::|##\\[|##vso\\[`, "mv");

Deno.test("runTask() shows what a hostile guest says as plain text, in all that it writes", async () => {
  for (const options of [[], ["--quiet"], ["--verbose"], ["--json"], ["--json", "--quiet"]]) {
    const { code, stdout, stderr } = await runSample("hostile", ...options);
    assertEquals(code, 4);
    assertEquals([UNSAFE.exec(stdout), UNSAFE.exec(stderr)], [null, null], options.join(" "));
    assertStringIncludes(
      stderr,
      "a\\x1b]0;title\\x07b\\x1b]52;c;cm0=\\x07c\\x1b[2Jd\\x9b31me\\u202ef",
    );
    assertStringIncludes(stderr, "\n\\::error::x\n");
    // Only our own next step looks like one.
    assertEquals(stderr.match(/^ {2}next: /gm)?.length, 1);
    if (!options.includes("--json")) continue;
    const { name, error } = JSON.parse(stdout);
    assertEquals([name, error.message, error.details[0]], [HOSTILE, HOSTILE, HOSTILE]);
  }
});

Deno.test("runTask() shows a bug's stack as plain text", async () => {
  const { code, stderr } = await runSample("hostileBug", "--verbose");
  assertEquals([code, UNSAFE.exec(stderr)], [1, null]);
});

/** Runs the sample task with a full disk as one of its streams, or as both. */
async function runOnFullDisk(redirection: string, ...args: string[]) {
  const deno = [Deno.execPath(), "run", "--quiet", "--no-prompt", SAMPLE, ...args];
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `exec "$@" ${redirection}`, "sh", ...deno],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

const onLinux = { ignore: Deno.build.os !== "linux" };

Deno.test({
  ...onLinux,
  name: "runTask() whose standard output is full ends with status 3 and says so once",
  async fn() {
    for (const args of [["context"], ["lines"], ["--help"], ["ok", "--json"]]) {
      const { code, stderr } = await runOnFullDisk(">/dev/full", ...args);
      assertEquals(code, 3, stderr);
      const lines = stderr.split("\n").filter((line) => !line.startsWith("==> "));
      assertEquals(lines, [
        "Cannot write to standard output: No space left on device",
        "  next: make room where it goes (df -h), or send it elsewhere",
        "",
      ], args.join(" "));
    }
  },
});

Deno.test({
  ...onLinux,
  name:
    "runTask() whose standard error is full says so on standard output, in one line or document",
  async fn() {
    const says = "Cannot write to standard error: No space left on device";
    const plain = await runOnFullDisk("2>/dev/full", "context");
    assertEquals(plain, { code: 3, stdout: `args context rest []\n${says}\n`, stderr: "" });
    const json = await runOnFullDisk("2>/dev/full", "context", "--json");
    assertEquals([json.code, JSON.parse(json.stdout).error.message], [3, says]);
    const failed = await runOnFullDisk("2>/dev/full", "fail");
    assertEquals([failed.code, failed.stdout], [1, 'Cannot build "hello": the compiler failed\n']);
    assertEquals((await runOnFullDisk(">/dev/full 2>&1", "context")).code, 3);
  },
});

Deno.test({
  ...onLinux,
  name: "runTask() tells a full disk from a bug",
  async fn() {
    const { code, stderr } = await runSample("fullDisk");
    assertEquals(code, 3);
    assertMatch(
      stderr,
      /^Cannot finish "sample": a disk of this host is full\n {2}No space left on device/,
    );
    assertMatch(stderr, /\n {2}next: deno task gc/);
  },
});
