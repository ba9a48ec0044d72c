import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { TAIL_CHARS } from "../text/bounded_text.ts";
import { formatError, HostError, InterruptedError } from "../errors.ts";
import { spawnOwned } from "./process.ts";
import { OutputTooLongError, run } from "./run.ts";
import { processStartTime } from "./start_time.ts";
import {
  living,
  pidsIn,
  stubbornTree,
  SUPERVISOR,
  testdata,
  waitUntil,
  watch,
  within,
} from "./process_testing.ts";
import { sandbox } from "../host_testing.ts";

const sh = (script: string, ...args: string[]) => ["sh", "-c", script, ...args];

Deno.test("run() captures both streams and passes the exit code through", async () => {
  const command = sh("echo out; echo err >&2; exit 3");
  assertEquals(await run(command), { code: 3, stdout: "out\n", stderr: "err\n" });
});

for (const [signal, code] of Object.entries({ HUP: 129, KILL: 137, SEGV: 139, TERM: 143 })) {
  Deno.test(`run() gives 128 + the number of ${signal}, and adds nothing to the output`, async () => {
    assertEquals(await run(sh(`kill -${signal} $$`)), { code, stdout: "", stderr: "" });
  });
}

Deno.test("run() passes words on as they are, none through a shell", async () => {
  const words = ["", "two words", "$(id)", "`id`", "*", "'\"\\", "a\nb", "--", "-n", "~", ";"];
  const { stdout } = await run(["printf", "%s\\0", ...words]);
  assertEquals(stdout.split("\0").slice(0, -1), words);
});

Deno.test("run() sets the directory and only the given variables", async () => {
  await using box = await sandbox({ TEST_INHERITED: "from the task" });
  const { stdout } = await run(sh('pwd; echo "$TEST_INHERITED, $TEST_ADDED"'), {
    cwd: box.path,
    env: { TEST_ADDED: "added" },
  });
  assertEquals(stdout, `${await Deno.realPath(box.path)}\n, added\n`);
});

Deno.test("run() finds a program by a path that is relative to its directory", async () => {
  await using box = await sandbox();
  await box.script("tool", "echo tool");
  assertEquals((await run(["./tool"], { cwd: box.path })).stdout, "tool\n");
});

Deno.test("run() finds what Debian hides from ordinary users' PATH, and so do its programs", async () => {
  await using _box = await sandbox({ PATH: "/usr/bin:/bin" });
  const { stdout } = await run(sh("echo $PATH"));
  assert(stdout.startsWith("/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"), stdout);
});

const bytes = crypto.getRandomValues(new Uint8Array(60_000));
const inputs: [string, string | Uint8Array<ArrayBuffer> | undefined, string][] = [
  ["nothing", undefined, ""],
  ["an empty text", "", ""],
  ["text", "grüße\nwithout a last newline", "grüße\nwithout a last newline"],
  ["more than a pipe holds", "0123456789".repeat(100_000), "0123456789".repeat(100_000)],
];
for (const [what, stdin, wanted] of inputs) {
  Deno.test(`run() gives the program ${what} on stdin`, async () => {
    assertEquals((await run(["cat"], { stdin })).stdout, wanted);
  });
}

Deno.test("run() gives the program bytes on stdin that are not text", async () => {
  const { stdout } = await run(["od", "-An", "-v", "-tu1"], { stdin: bytes });
  assertEquals(stdout.trim().split(/\s+/).map(Number), [...bytes]);
});

Deno.test("run() leaves no file of its input behind, however it ends", async () => {
  await using box = await sandbox();
  const dir = join(box.path, "tmp");
  await Deno.mkdir(dir);
  await using _env = await sandbox({ TMPDIR: dir });
  const names = async () => (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  // Gone even while the program runs, so that `kill -9` of the task leaves none either.
  const { stdout } = await run(sh('cat; ls -A "$0"', dir), { stdin: "input\n" });
  assertEquals(stdout, "input\n");
  await assertRejects(() => run(["no-such-program"], { stdin: "x" }), HostError);
  const signal = AbortSignal.abort(new InterruptedError());
  await assertRejects(() => run(["cat"], { stdin: "x", signal }), InterruptedError);
  assertEquals(await names(), []);
});

Deno.test("run() passes output on as it arrives, in whole characters", async () => {
  const pieces: string[] = [];
  const script = "printf 'a\\303'; sleep 0.2; printf '\\274b'; echo e >&2";
  const { stdout } = await run(sh(script), {
    onOutput: (text, stream) => void pieces.push(`${stream} ${text}`),
  });
  assertEquals(pieces, ["stdout a", "stdout üb", "stderr e\n"]);
  assertEquals(stdout, "aüb");
});

Deno.test("run() ends the program when onOutput throws", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  const fail = () => {
    throw new RangeError("too much");
  };
  const options = { onOutput: fail, graceMs: 200 };
  const command = sh('echo $$ >"$0"; echo $$; exec sleep 60', pidFile);
  await assertRejects(() => within(run(command, options)), RangeError, "too much");
  assertEquals(await living(await pidsIn(pidFile, 1)), []);
});

Deno.test("run() throws a TimeoutError and leaves no process", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  const error = await assertRejects(
    // Long enough for the tree to come up.
    () => within(run(stubbornTree(pidFile), { timeoutMs: 2000, graceMs: 100 })),
    DOMException,
    '"sh" did not finish within 2000 ms',
  );
  assertEquals(error.name, "TimeoutError");
  assertEquals(await living(await pidsIn(pidFile, 2)), []);
});

Deno.test("run() throws the signal's reason and leaves no process", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  const interrupt = new AbortController();
  const running = run(stubbornTree(pidFile), { signal: interrupt.signal, graceMs: 100 });
  const pids = await pidsIn(pidFile, 2);
  await using _tree = await watch(pids);
  interrupt.abort(new InterruptedError("Interrupted by SIGINT"));
  await assertRejects(() => within(running), InterruptedError, "Interrupted by SIGINT");
  assertEquals(await living(pids), []);
});

Deno.test("run() starts nothing if it is aborted before, or while its input is written", async () => {
  await using box = await sandbox();
  const trace = join(box.path, "trace");
  const interrupt = new AbortController();
  const { signal } = interrupt;
  const running = run(["touch", trace], { signal, stdin: "x" });
  interrupt.abort(new InterruptedError());
  await assertRejects(() => within(running), InterruptedError);
  await assertRejects(() => run(["touch", trace], { signal }), InterruptedError);
  assertEquals(await Deno.stat(trace).catch(() => "none"), "none");
});

Deno.test("run() does not wait for a daemon that holds on to the output", async () => {
  // As ssh does with ControlPersist: a session of its own, and stderr stays open.
  const script = "setsid sleep 60 & echo $!; while ! kill -0 -$!; do sleep 0.01; done 2>&-";
  const { code, stdout } = await within(run(sh(script)));
  const pid = Number(stdout);
  await using _daemon = await watch([pid]);
  assertEquals(code, 0);
});

const MISSING = `it is not installed\n  next: deno task check --install`;
for (
  const program of ["no-such-program", "/no/such/program", "./no-such-program", "not-a-program"]
) {
  Deno.test(`run() says that ${program} is missing, and what to do`, async () => {
    await using box = await sandbox();
    await using _path = await sandbox({ PATH: `${box.path}:${Deno.env.get("PATH")}` });
    await Deno.writeTextFile(join(box.path, "not-a-program"), "text", { mode: 0o644 });
    const error = await assertRejects(() => run([program], { cwd: box.path }), HostError);
    assertEquals(formatError(error), `Cannot run "${program}": ${MISSING}`);
    assertThrows(() => spawnOwned([program]), HostError, `Cannot run "${program}"`);
  });
}

Deno.test("run() does not take a program's own status 127 for a missing program", async () => {
  const result = await run(sh("no-such-program-in-here"));
  assertEquals(result.code, 127);
});

Deno.test("run() refuses a program outside the permission set, also with input", async () => {
  await using box = await sandbox();
  const tool = await box.script("tool", "echo tool");
  const outcome = async (program: string, env: Record<string, string> = {}) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write", "--allow-env"],
        ...[`--allow-run=${SUPERVISOR},uname`, testdata("run_program.ts"), program],
      ],
      env,
    }).output();
    return new TextDecoder().decode(stdout).trimEnd();
  };
  const refused = (program: string) =>
    `NotCapable: Requires run access to "${program}", run again with the --allow-run flag`;
  const [allowed, named, byPath, withInput, missing] = await Promise.all([
    outcome("uname"),
    outcome("date"),
    outcome(tool),
    outcome("date", { TEST_STDIN: "input" }),
    outcome("no-such-program"),
  ]);
  assertEquals(JSON.parse(allowed).code, 0);
  assertEquals(named, refused("date"));
  assertEquals(byPath, refused(tool));
  assertEquals(withInput, refused("date"));
  assertEquals(missing, 'HostError: Cannot run "no-such-program": it is not installed');
});

Deno.test("processStartTime() is the same for as long as a process runs, zombies do not", async () => {
  const own = await processStartTime(Deno.pid);
  assert(own !== undefined && Number(own) > 0, own);
  assertEquals(await processStartTime(Deno.pid), own);
  // Above the largest pid of any Linux (PID_MAX_LIMIT in linux/threads.h).
  assertEquals(await processStartTime(4_194_305), undefined);
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  // Its parent becomes a sleep, which never reaps; a shell might, so it ends only then.
  const child = `until grep -q sleep "/proc/$PPID/comm"; do :; done`;
  await using _parent = spawnOwned(
    sh(`sh -c '${child}' & echo $! >"$0"; exec sleep 60`, pidFile),
  );
  const [zombie] = await pidsIn(pidFile, 1) as [number];
  await waitUntil("a zombie", async () => await processStartTime(zombie) === undefined);
  assert((await run(["ls", "-d", `/proc/${zombie}`])).code === 0, "it should be a zombie");
});

Deno.test("processStartTime() reads the name of a process that looks like more fields", async () => {
  await using box = await sandbox();
  const sleep = (await run(sh("command -v sleep"))).stdout.trim();
  const path = join(box.path, "a) S 1 (b");
  await Deno.copyFile(sleep, path);
  await using process = spawnOwned([path, "60"]);
  let children = "";
  await waitUntil("the child of the supervisor", async () => {
    children = (await run(["pgrep", "-P", String(process.pid), "-f", "60"])).stdout.trim();
    return children !== "";
  });
  const time = await processStartTime(Number(children.split("\n")[0]));
  assert(Number(time) >= Number(await processStartTime(process.pid)), time);
});

Deno.test("run() gives stdin by another place than one where others can put something else", async () => {
  await using box = await sandbox();
  await Deno.chmod(box.path, 0o777);
  await using _env = await sandbox({ TMPDIR: box.path });
  assertEquals((await run(["cat"], { stdin: "x" })).stdout, "x");
});

const FLOOD = "yes 'a line of a very verbose test' | head -c";

Deno.test("run() keeps the end of an output that is too long for one string", async () => {
  // JavaScript has no text of more than 512 MiB.
  const script = `${FLOOD} 600000000; echo; echo end; echo error >&2; exit 3`;
  const { code, stdout, stderr } = await run(sh(script), { stdout: "tail" });
  assertEquals([code, stdout.slice(-5), stderr], [3, "\nend\n", "error\n"]);
  assertEquals(stdout.length, TAIL_CHARS);
});

Deno.test("run() ends a program with endless output if all of it is wanted", async () => {
  await using box = await sandbox();
  const pidFile = join(box.path, "pids");
  const running = run(sh('echo $$ >"$0"; exec yes', pidFile), { graceMs: 200 });
  await assertRejects(
    () => running,
    OutputTooLongError,
    'Cannot read what "sh" prints: it is more than 64 MiB',
  );
  assertEquals(await living(await pidsIn(pidFile, 1)), []);
});

Deno.test("run() keeps the end of what a program says on stderr", async () => {
  const { stdout, stderr } = await run(sh(`{ ${FLOOD} 10000000; echo; echo end; } >&2; echo out`));
  assertEquals([stdout, stderr.length, stderr.slice(-4)], ["out\n", TAIL_CHARS, "end\n"]);
});
