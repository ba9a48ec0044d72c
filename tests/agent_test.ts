import { delay } from "@std/async";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { GuestError } from "../lib/base/errors.ts";
import type { AgentClient } from "../lib/guest/agent/client.ts";
import type { ExecOptions, StartedCommand } from "../lib/guest/agent/client_options.ts";
import { AgentError } from "../lib/guest/agent/agent_errors.ts";
import { AgentEvents } from "../lib/guest/agent/events_testing.ts";
import { eventually, isAlive, pattern, startAgent } from "./support/agent_binary.ts";

const isRoot = Deno.uid() === 0;
const MIB = 1 << 20;

/** Runs a command and gives its output as text. */
async function run(agent: AgentClient, options: ExecOptions) {
  const texts = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const collect = (name: "stdout" | "stderr") => (bytes: Uint8Array) => {
    texts[name] += decoders[name].decode(bytes, { stream: true });
  };
  const result = await agent.exec({
    onStdout: collect("stdout"),
    onStderr: collect("stderr"),
    ...options,
  });
  return { ...result, ...texts };
}

const sh = (script: string, ...args: string[]) => ["sh", "-c", script, "sh", ...args];

Deno.test("AgentClient.exec() passes arguments, environment and directory as they are", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  assertEquals(agent.hello.protocol, 1);
  const odd = ["", " ", "a b", "$HOME", "`id`", "'\"\\", "new\nline", "ünï ☃", "-n", "*"];
  const printed = await run(agent, { argv: ["printf", "%s\\0", ...odd] });
  assertEquals(printed.stdout.split("\0").slice(0, -1), odd);
  const env = await run(agent, {
    argv: sh('printf "%s|%s|%s" "$ODD" "$HOME" "$PWD"'),
    env: { ODD: "a=b\n\"c'", HOME: "/nowhere" },
    cwd: host.dir,
  });
  assertEquals(env.stdout, `a=b\n"c'|/nowhere|${host.dir}`);
  const charmap = async (env = {}) =>
    (await run(agent, { argv: ["locale", "charmap"], env })).stdout;
  assertEquals([await charmap(), await charmap({ LANG: "C" })], ["UTF-8\n", "ANSI_X3.4-1968\n"]);
});

Deno.test("AgentClient.exec() passes statuses and signals, and keeps the streams apart", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const ended = await run(agent, { argv: sh("echo out; echo err >&2; exit 123") });
  assertEquals(ended, {
    code: 123,
    signal: null,
    timedOut: false,
    oom: false,
    stdout: "out\n",
    stderr: "err\n",
  });
  const killed = await run(agent, { argv: sh("kill -KILL $$") });
  assertEquals([killed.code, killed.signal, killed.timedOut, killed.oom], [null, 9, false, false]);
});

Deno.test("AgentClient.exec() leaves no descriptor but the three in a command", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  // The fourth is the one by which ls reads the directory.
  const { stdout } = await run(agent, { argv: ["ls", "/proc/self/fd"] });
  assertEquals(stdout.trim().split("\n"), ["0", "1", "2", "3"]);
});

Deno.test("AgentClient.exec() feeds stdin at the pace of the command, and none when none is given", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const wanted = createHash("sha256");
  const source = ReadableStream.from((function* () {
    for (const block of pattern(128 * MIB)) {
      wanted.update(block);
      yield block;
    }
  })());
  const digest = await run(agent, { argv: ["sha256sum"], stdin: source });
  assertEquals(digest.stdout.split(" ")[0], wanted.digest("hex"));
  assert(await host.peakKiB() < 32 * 1024);
  assertEquals((await run(agent, { argv: ["wc", "-c"] })).stdout.trim(), "0");
});

Deno.test("AgentClient.exec() ends when the command does, although its stdin has not ended", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const silent = new ReadableStream<Uint8Array>();
  assertEquals((await run(agent, { argv: ["true"], stdin: silent })).code, 0);
  const flood = await run(agent, { argv: sh("exec <&-; exit 3"), stdin: new Uint8Array(9 * MIB) });
  assertEquals(flood.code, 3);
});

Deno.test("AgentClient.exec() ends with the command, not with what it left in the background", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const { code, stdout } = await run(agent, { argv: sh("sleep 1000 & echo $!") });
  assertEquals(code, 0);
  assert(await isAlive(Number(stdout)));
  Deno.kill(Number(stdout), "SIGKILL");
});

Deno.test("AgentClient.exec() ends the whole group when the time is up", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const started = sh("trap '' TERM; sleep 1000 & echo $!; wait; wait");
  const result = await run(agent, { argv: started, timeoutMs: 100 });
  assertEquals([result.timedOut, result.oom], [true, false]);
  await eventually("the child is gone", async () => !(await isAlive(Number(result.stdout))));
});

Deno.test("AgentClient.exec() ends processes that outlive a command whose time is up", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  // TERM ends the leader at once. One child keeps the pipes, the other has none of them.
  const deaf = `sh -c 'trap "" TERM; echo $$; exec >&- 2>&-; sleep 1000' &`;
  const loud = `sh -c 'trap "" TERM; echo $$; sleep 1000' &`;
  const result = await run(agent, { argv: sh(`${deaf} ${loud} wait`), timeoutMs: 1000 });
  assertEquals([result.signal, result.timedOut], [15, true]);
  const pids = result.stdout.trim().split("\n").map(Number);
  assertEquals(pids.length, 2);
  for (const pid of pids) await eventually("it is gone", async () => !(await isAlive(pid)));
});

Deno.test("AgentClient.exec() gives processes that outlive the command time to obey TERM", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const tidy = "trap 'sleep 0.6; echo tidied; exit' TERM; echo ready; while :; do sleep 0.05; done";
  const argv = sh('sh -c "$1" & wait', tidy);
  const result = await run(agent, { argv, timeoutMs: 1000 });
  assertEquals([result.signal, result.timedOut], [15, true]);
  assertEquals(result.stdout, "ready\ntidied\n");
});

Deno.test("AgentClient.exec() sees a command's end although its reader is far behind", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  // More than the agent may send before it is taken, so that the result must wait for the reader.
  const flood = ["head", "-c", String(4 * MIB), "/dev/zero"];
  const onStdout = () => delay(400);
  const limits = { timeoutMs: 50, overtimeMs: 2000 };
  assertEquals((await agent.exec({ argv: flood, onStdout, ...limits })).timedOut, true);
});

Deno.test("AgentClient.exec() kills the command when it is aborted", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const abort = new AbortController();
  let pid = 0;
  const running = agent.exec({
    argv: sh("echo $$; exec sleep 1000"),
    signal: abort.signal,
    onStdout: (bytes) => {
      pid = Number(new TextDecoder().decode(bytes));
      abort.abort(new Error("enough"));
    },
  });
  await assertRejects(() => running, Error, "enough");
  await eventually("the command is gone", async () => !(await isAlive(pid)));
  await agent.ping();
});

Deno.test("AgentClient.exec() lets its caller send signals", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  let command: StartedCommand | undefined;
  const result = await run(agent, {
    argv: sh("trap 'echo got; exit 7' INT; echo; while :; do sleep 0.01; done"),
    onStart: (started) => command = started,
    onStderr: () => {},
    onStdout: () => void command?.kill(2),
  });
  assertEquals([result.code, result.signal], [7, null]);
  await command?.kill(2);
  await assertRejects(() => command!.kill(0), RangeError);
});

Deno.test("AgentClient refuses a request that does not fit into a frame, and stays usable", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const long = () => agent.exec({ argv: ["echo", "x".repeat(300_000)] });
  await assertRejects(long, RangeError, "at most 262144 fit");
  await agent.ping();
});

Deno.test("AgentClient.exec() says which step failed, with a code", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  await Deno.writeTextFile(`${host.dir}/plain`, "no program");
  const cases: [ExecOptions, string, string][] = [
    [{ argv: ["no-such-program"] }, "ENOENT", 'cannot run "no-such-program"'],
    [{ argv: [`${host.dir}/plain`] }, "EACCES", "Permission denied"],
    [{ argv: ["true"], cwd: "/no/where" }, "ENOENT", 'cannot enter directory "/no/where"'],
    [{ argv: ["true"], user: "no-such-user" }, "unknown-user", 'no user "no-such-user"'],
    [{ argv: [] }, "EINVAL", "empty argv"],
    [{ argv: ["a\0b"] }, "EINVAL", "zero byte"],
  ];
  for (const [options, code, why] of cases) {
    const error = await assertRejects(() => agent.exec(options), AgentError, why);
    assertEquals(error.code, code);
    assertStringIncludes(error.message, 'in guest "test"');
    assertStringIncludes(error.next ?? "", "docs/agent-protocol.md");
  }
});

Deno.test("AgentClient.exec() fails with a message of bounded length, and the session continues", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const long = "é".repeat(20_000);
  const cases: [() => Promise<unknown>, string][] = [
    [() => agent.exec({ argv: [long] }), "cannot run"],
    [() => agent.exec({ argv: ["true"], cwd: `/${long}` }), "cannot enter directory"],
    [() => agent.exec({ argv: ["true"], user: long }), "there is no user"],
    [() => agent.readFile(`/${long}`, () => {}), "cannot read"],
    [() => agent.writeFile(`/${long}`, new Uint8Array(1)), "cannot write"],
    [() => agent.writeFile(long, new Uint8Array(1)), "the path"],
  ];
  for (const [action, why] of cases) {
    const { message } = await assertRejects(action, AgentError, why);
    const told = message.slice(message.indexOf(why));
    assertStringIncludes(told, 'é…"');
    assert(told.length < 300, told);
  }
  await agent.ping();
});

Deno.test({
  name: "AgentClient.exec() runs as the given user",
  ignore: !isRoot,
  async fn() {
    await using host = await startAgent();
    const agent = await host.connect();
    const named = await run(agent, { argv: ["id", "-un"], user: "nobody" });
    assertEquals(named.stdout, "nobody\n");
    const numbered = await run(agent, { argv: sh("id -u; id -g"), user: "4242" });
    assertEquals(numbered.stdout, "4242\n4242\n");
  },
});

Deno.test({
  name: "AgentClient.exec() fails at the limit of processes, and the agent survives",
  ignore: !isRoot,
  async fn() {
    // The limit does not bind root, so the agent is somebody else, who has one process: itself.
    const somebody = ["setpriv", "--reuid=54321", "--clear-groups", "prlimit", "--nproc=1"];
    await using host = await startAgent(...somebody);
    const agent = await host.connect();
    for (let round = 0; round < 3; round++) {
      const error = await assertRejects(() => agent.exec({ argv: ["true"] }), AgentError);
      assertEquals(error.code, "EAGAIN");
      assertStringIncludes(error.message, "cannot start a process");
    }
    await agent.ping();
  },
});

Deno.test("A command that floods neither blocks a ping nor grows the agent", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  let bytes = 0;
  let pings = 0;
  const flood = agent.exec({
    argv: ["head", "-c", String(1024 * MIB), "/dev/zero"],
    onStdout: async (chunk) => {
      bytes += chunk.length;
      if (bytes % (64 * MIB) < chunk.length) {
        await agent.ping();
        pings++;
      }
    },
  });
  assertEquals((await flood).code, 0);
  assertEquals(bytes, 1024 * MIB);
  assert(pings >= 15);
  assert(await host.peakKiB() < 32 * 1024);
});

Deno.test("A sink that waits makes its command wait, while others continue", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const gate = Promise.withResolvers<void>();
  const marker = `${host.dir}/written`;
  const slow = agent.exec({
    argv: sh('head -c 8388608 /dev/zero; : > "$1"', marker),
    onStdout: () => gate.promise,
  });
  assertEquals((await run(agent, { argv: ["echo", "hi"] })).stdout, "hi\n");
  await agent.ping();
  await assertRejects(() => Deno.stat(marker), Deno.errors.NotFound);
  gate.resolve();
  assertEquals((await slow).code, 0);
});

Deno.test("A sink that fails ends the command with its error", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const failing = () =>
    agent.exec({
      argv: ["cat", "/dev/zero"],
      onStdout: () => {
        throw new Error("host disk full");
      },
    });
  await assertRejects(failing, Error, "host disk full");
  await agent.ping();
});

Deno.test("Files of 100 MiB return unchanged", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const path = `${host.dir}/new/dir/big`;
  const [sent, received] = [createHash("sha256"), createHash("sha256")];
  const source = ReadableStream.from((function* () {
    for (const block of pattern(100 * MIB)) {
      sent.update(block);
      yield block;
    }
  })());
  assertEquals(await agent.writeFile(path, source, { mode: 0o640, parents: true }), 100 * MIB);
  assertEquals((await Deno.stat(path)).mode! & 0o7777, 0o640);
  assertEquals(await agent.readFile(path, (bytes) => void received.update(bytes)), 100 * MIB);
  assertEquals(received.digest("hex"), sent.digest("hex"));
  assert(await host.peakKiB() < 32 * 1024);
});

Deno.test("AgentClient.readFile() reads parts; writeFile() appends and keeps modes", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const path = `${host.dir}/text`;
  await agent.writeFile(path, new TextEncoder().encode("hello "), { mode: 0o600 });
  await agent.writeFile(path, new TextEncoder().encode("world"), { append: true });
  let text = "";
  const collect = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
  assertEquals(await agent.readFile(path, collect, { offset: 4, length: 4 }), 4);
  assertEquals(text, "o wo");
  await agent.writeFile(path, new Uint8Array());
  assertEquals((await Deno.stat(path)).mode! & 0o7777, 0o600);
  assertEquals(await agent.readFile("/proc/version", () => {}) > 0, true);
});

Deno.test("AgentClient.writeFile() that fails leaves the old file, and nothing beside it", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  await Deno.mkdir(`${host.dir}/files`);
  const path = `${host.dir}/files/kept`;
  await Deno.writeTextFile(path, "old");
  const source = ReadableStream.from((async function* () {
    yield new Uint8Array(MIB);
    throw new Error("source broke");
  })());
  await assertRejects(() => agent.writeFile(path, source), Error, "source broke");
  await agent.ping();
  assertEquals(await Deno.readTextFile(path), "old");
  assertEquals([...Deno.readDirSync(`${host.dir}/files`)].map((entry) => entry.name), ["kept"]);
});

Deno.test("File errors are typed: a full disk, a directory, a missing file", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const cases: [() => Promise<unknown>, string][] = [
    [() => agent.writeFile("/dev/full", new Uint8Array(3 * MIB)), "ENOSPC"],
    [() => agent.writeFile(host.dir, new Uint8Array(1)), "EISDIR"],
    [() => agent.writeFile(`${host.dir}/no/dir`, new Uint8Array(1)), "ENOENT"],
    [() => agent.writeFile("relative", new Uint8Array(1)), "EINVAL"],
    [() => agent.readFile(`${host.dir}/missing`, () => {}), "ENOENT"],
    [() => agent.readFile(host.dir, () => {}), "EISDIR"],
  ];
  for (const [action, code] of cases) {
    assertEquals((await assertRejects(action, AgentError)).code, code);
  }
  // Still the device: a file in its place would not be full.
  const again = () => agent.writeFile("/dev/full", new Uint8Array(1));
  assertEquals((await assertRejects(again, AgentError)).code, "ENOSPC");
});

Deno.test("AgentClient.info() describes the machine; a process leaves its clock alone", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const info = await agent.info();
  assertEquals(info.kernel, Deno.osRelease());
  assert(info.memoryAvailableBytes > 0 && info.memoryTotalBytes > info.memoryAvailableBytes);
  assert(info.uptimeMs > 0 && info.diskFreeBytes > 0 && info.load.length === 3);
  const setting = { seconds: 0, nanoseconds: 0, entropy: new Uint8Array(64) };
  const refused = await assertRejects(() => agent.setClock(setting), AgentError);
  assertEquals(refused.code, "ENOTSUP");
});

Deno.test("AgentClient.shutdown() is answered before the agent ends", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  await agent.shutdown();
  assert((await host.status).success);
  await agent.closed;
  await assertRejects(() => agent.ping(), GuestError, 'Cannot ping the agent in guest "test"');
});

Deno.test("AgentClient.exec() opens 64 channels; the 65th is refused, and the session continues", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const abort = new AbortController();
  const running = Array.from(
    { length: 64 },
    () => agent.exec({ argv: ["sleep", "1000"], signal: abort.signal }).catch(() => "aborted"),
  );
  const refused = await assertRejects(() => agent.exec({ argv: ["true"] }), AgentError);
  assertEquals(refused.code, "limit");
  await agent.ping();
  abort.abort();
  assertEquals(new Set(await Promise.all(running)), new Set(["aborted"]));
});

Deno.test("An agent that dies fails what is pending, by name and with a next step", async () => {
  await using host = await startAgent();
  const agent = await host.connect();
  const dying = agent.exec({
    argv: sh("echo; exec sleep 1000"),
    onStdout: () => host.kill("SIGKILL"),
  });
  const error = await assertRejects(() => dying, GuestError, 'Cannot run "sh" in guest "test": ');
  assertStringIncludes(error.message, "the agent closed the connection");
  assertEquals(error.next, "deno task vm-list");
});

Deno.test("A client that disconnects ends its commands, and the next is served", async () => {
  await using host = await startAgent();
  const first = await host.connect();
  let pids: number[] = [];
  const running = first.exec({
    argv: sh("sleep 1000 & echo $! $$; wait"),
    onStdout: (bytes) => {
      pids = new TextDecoder().decode(bytes).trim().split(" ").map(Number);
      first.close();
    },
  });
  await assertRejects(() => running, GuestError, "closed on this side");
  assertEquals(pids.length, 2);
  for (const pid of pids) await eventually("it is gone", async () => !(await isAlive(pid)));
  const second = await host.connect();
  assertEquals((await run(second, { argv: ["echo", "again"] })).stdout, "again\n");
});

Deno.test("AgentEvents yields events sent before anyone listened", async () => {
  await using host = await startAgent();
  await host.connect();
  using events = await AgentEvents.connect(host.events, {
    name: "test",
    signal: AbortSignal.timeout(20_000),
  });
  for await (const event of events) {
    assertEquals([event.event, event.seq], ["ready", 1]);
    break;
  }
});
