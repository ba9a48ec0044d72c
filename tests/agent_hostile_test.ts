import { delay } from "@std/async";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { GuestError } from "../lib/base/errors.ts";
import { AgentClient } from "../lib/guest/agent/client.ts";
import { AgentConnection, connectWhenThere } from "../lib/guest/agent/connection.ts";
import {
  encodeCredit,
  encodeFrame,
  encodeJson,
  encodePreamble,
  type Frame,
  FrameDecoder,
} from "../lib/guest/agent/frames.ts";
import { parseFailure } from "../lib/guest/agent/messages.ts";
import { AGENT_MAGIC, KIND, MAX_PAYLOAD, PADDING_BYTES } from "../lib/guest/agent/protocol.ts";
import { eventually, isAlive, startAgent } from "./support/agent_binary.ts";

const PING = encodeJson(KIND.ping, 1, {});

/** A host that sends what it likes. */
class RawHost implements Disposable {
  #frames: Frame[] = [];
  #decoder = new FrameDecoder(new Uint8Array(16));

  private constructor(readonly conn: Deno.Conn) {}

  static async connect(path: string): Promise<RawHost> {
    return new RawHost(await connectWhenThere(path, AbortSignal.timeout(20_000)));
  }

  async write(...parts: Uint8Array[]): Promise<void> {
    for (const part of parts) {
      for (let at = 0; at < part.length;) at += await this.conn.write(part.subarray(at));
    }
  }

  /** Begins a session, and reads its hello. */
  async begin(...before: Uint8Array[]): Promise<void> {
    const nonce = crypto.getRandomValues(new Uint8Array(16));
    this.#decoder.expect(nonce);
    this.#frames = [];
    await this.write(...before, encodePreamble(nonce));
    assertEquals((await this.next()).kind, KIND.hello);
  }

  async next(): Promise<Frame> {
    const buffer = new Uint8Array(65_536);
    while (this.#frames.length === 0) {
      const length = await this.conn.read(buffer);
      assert(length !== null, "the agent hung up");
      this.#frames.push(...this.#decoder.push(buffer.subarray(0, length)));
    }
    return this.#frames.shift()!;
  }

  [Symbol.dispose](): void {
    try {
      this.conn.close();
    } catch {
      // The test has closed it.
    }
  }
}

function edited(frame: Uint8Array, at: number, value: number): Uint8Array {
  const copy = frame.slice();
  copy[at] = value;
  return copy;
}

const text = (value: string) => new TextEncoder().encode(value);

Deno.test("The agent answers every malformed message with an error and a reset, and serves the next session", async () => {
  await using agent = await startAgent();
  using host = await RawHost.connect(agent.socket);
  const sleeper = encodeJson(KIND.exec, 1, { argv: ["sleep", "1000"], stdin: true });
  const deep = "[".repeat(100_000);
  const lies: [string, Uint8Array[]][] = [
    ["a frame of 67108866 bytes", [edited(PING, 3, 4)]],
    ["a frame of unknown kind 0x00", [new Uint8Array(64)]],
    ["a frame of unknown kind 0x30", [edited(PING, 4, KIND.result)]],
    ["reserved bytes that are not zero", [edited(PING, 5, 1)]],
    ["channel 0 is not new", [encodeJson(KIND.ping, 0, {})]],
    ["channel 7 was never opened", [encodeFrame(KIND.data, 7)]],
    ["channel 1 is not new", [sleeper, sleeper]],
    ["invalid request", [encodeFrame(KIND.exec, 1, text("{"))]],
    ["invalid request", [encodeFrame(KIND.exec, 1, text(deep))]],
    ["invalid request", [encodeFrame(KIND.exec, 1, new Uint8Array([0xff]))]],
    ["missing field `argv`", [encodeJson(KIND.exec, 1, {})]],
    ["unknown field `argc`", [encodeJson(KIND.exec, 1, { argv: ["true"], argc: 1 })]],
    ["unknown field `xxx", [encodeJson(KIND.exec, 1, { ["x".repeat(100_000)]: 1 })]],
    ["more data than credit", [
      sleeper,
      ...Array(9).fill(encodeFrame(KIND.data, 1, new Uint8Array(MAX_PAYLOAD))),
    ]],
    ["too much credit", [sleeper, encodeCredit(1, 0xffff_ffff)]],
    ["a credit that is not four bytes", [sleeper, encodeFrame(KIND.credit, 1)]],
    ["0 is not a signal", [sleeper, encodeJson(KIND.signal, 1, { signal: 0 })]],
    ["takes no data", [
      sleeper,
      ...Array(2).fill(encodeFrame(KIND.end, 1)),
      encodeFrame(KIND.data, 1),
    ]],
  ];
  for (const [why, frames] of lies) {
    await host.begin();
    await host.write(...frames);
    let answer = await host.next();
    while (answer.kind === KIND.credit) answer = await host.next();
    assertEquals([answer.kind, answer.channel], [KIND.error, 0], why);
    const failure = parseFailure(answer.payload);
    assertEquals(failure.code, "protocol");
    assertStringIncludes(failure.message, why);
  }
  await host.begin();
  await host.write(PING);
  assertEquals((await host.next()).kind, KIND.result);
  assert(await agent.peakKiB() < 32 * 1024);
});

Deno.test("Frames for a channel that has just closed are ignored", async () => {
  await using agent = await startAgent();
  using host = await RawHost.connect(agent.socket);
  await host.begin();
  await host.write(
    PING,
    encodeFrame(KIND.data, 1),
    encodeCredit(1, 9),
    encodeFrame(KIND.cancel, 1),
  );
  await host.write(encodeJson(KIND.ping, 2, {}));
  assertEquals([(await host.next()).channel, (await host.next()).channel], [1, 2]);
});

Deno.test("A preamble within a session ends it, with its commands", async () => {
  await using agent = await startAgent();
  using host = await RawHost.connect(agent.socket);
  await host.begin();
  await host.write(encodeJson(KIND.exec, 1, { argv: ["sh", "-c", "echo $$; exec sleep 1000"] }));
  const pid = Number(new TextDecoder().decode((await host.next()).payload));
  assert(await isAlive(pid));
  await host.begin();
  await eventually("the command is gone", async () => !(await isAlive(pid)));
  await host.write(PING);
  assertEquals((await host.next()).channel, 1);
});

Deno.test("Half a frame of an earlier host is ended by zeros, wherever it was cut", async () => {
  await using agent = await startAgent();
  using host = await RawHost.connect(agent.socket);
  const frame = encodeFrame(KIND.exec, 1, new Uint8Array(MAX_PAYLOAD));
  for (const cut of [1, 4, 5, 11, 12, 13, 70_000, frame.length - 1]) {
    await host.begin();
    await host.write(frame.subarray(0, cut));
    await host.begin(new Uint8Array(PADDING_BYTES));
  }
});

Deno.test("A host that asks and never reads is not answered without bound", async () => {
  await using agent = await startAgent();
  using host = await RawHost.connect(agent.socket);
  await host.begin();
  const asked = (async () => {
    for (let channel = 1; channel <= 400_000; channel++) {
      await host.write(encodeJson(KIND.info, channel, {}));
    }
  })();
  let written = false;
  asked.then(() => written = true, () => written = true);
  // The agent stops reading once its answers fill both buffers; it has nothing to do then.
  let before = -1;
  await eventually("the agent is at rest", async () => {
    const now = await agent.cpuTicks();
    const rests = now === before && now > 0;
    before = now;
    await delay(300);
    return rests;
  });
  assert(!written);
  assert(await agent.peakKiB() < 32 * 1024);
  for (let channel = 1; channel <= 1000; channel++) {
    assertEquals((await host.next()).channel, channel);
  }
  host.conn.close();
  await asked.catch(() => {});
});

/**
 * A server in the place of an agent: answers each preamble with what `answer` gives, and the
 * first request with `then`.
 */
async function withFakeAgent(
  answer: (nonce: Uint8Array) => Uint8Array,
  use: (path: string) => Promise<void>,
  then: Uint8Array = new Uint8Array(),
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/agent`;
  using listener = Deno.listen({ transport: "unix", path });
  const served = (async () => {
    for await (const conn of listener) {
      const preamble = new Uint8Array(32);
      await conn.read(preamble);
      await conn.write(answer(preamble.slice(16))).catch(() => {});
      await conn.read(preamble).catch(() => {});
      await conn.write(then).catch(() => {});
      await conn.read(preamble).catch(() => {});
      conn.close();
    }
  })().catch(() => {});
  try {
    await use(path);
  } finally {
    listener.close();
    await served;
    await Deno.remove(dir, { recursive: true });
  }
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const HELLO = {
  protocol: 1,
  version: "0",
  arch: "x",
  init: false,
  maxPayload: 1,
  maxChannels: 1,
  window: 1,
};

Deno.test("AgentClient.connect() says what is wrong with something that is not an agent", async () => {
  const cases: [(nonce: Uint8Array) => Uint8Array, string][] = [
    [(nonce) => concat(AGENT_MAGIC, nonce, new Uint8Array(12)), "unknown kind 0"],
    [
      (nonce) => concat(AGENT_MAGIC, nonce, encodeJson(KIND.hello, 0, { ...HELLO, protocol: 2 })),
      "the agent speaks protocol 2",
    ],
    [
      (nonce) => concat(AGENT_MAGIC, nonce, encodeJson(KIND.hello, 0, {})),
      "received hello that does not fit",
    ],
  ];
  for (const [answer, why] of cases) {
    await withFakeAgent(answer, async (path) => {
      const connect = () => AgentClient.connect(path, { name: "g", timeoutMs: 10_000 });
      await assertRejects(connect, GuestError, why);
    });
  }
});

Deno.test("AgentClient fails what is pending when the agent sends what it must not", async () => {
  const hello = encodeJson(KIND.hello, 0, HELLO);
  const cases: [Uint8Array, string][] = [
    [encodeFrame(KIND.data, 9), "received channel 9, not open"],
    [encodeFrame(KIND.credit, 1), "a credit that is not four bytes"],
    [encodeFrame(KIND.result, 1, text("7")), "received result that does not fit"],
    [encodeFrame(KIND.error, 1, text("7")), "received error that does not fit"],
    [encodeJson(KIND.error, 0, { code: "protocol", message: "no" }), "reset the session: no"],
    [new Uint8Array(12), "received a frame of unknown kind 0"],
  ];
  for (const [frame, why] of cases) {
    const begin = (nonce: Uint8Array) => concat(AGENT_MAGIC, nonce, hello);
    await withFakeAgent(begin, async (path) => {
      await using client = await AgentClient.connect(path, { name: "g", timeoutMs: 10_000 });
      await assertRejects(() => client.ping(), Error, why);
    }, frame);
  }
});

Deno.test("AgentClient.connect() gives up at its deadline, and when aborted", async () => {
  const path = `${await Deno.makeTempDir()}/absent`;
  const late = () => AgentClient.connect(path, { name: "g", timeoutMs: 100, console: "/c.log" });
  const error = await assertRejects(late, GuestError, 'Cannot reach the agent in guest "g": ');
  assertStringIncludes(error.message, "no answer within 0.1 s");
  assertEquals(error.next, "less -R /c.log");
  const signal = AbortSignal.abort(new Error("stopped"));
  const aborted = () => AgentClient.connect(path, { name: "g", timeoutMs: 60_000, signal });
  await assertRejects(aborted, Error, "stopped");
});

const DONE = encodeJson(KIND.result, 1, { code: 0, signal: null, timedOut: false, oom: false });
const begin = (nonce: Uint8Array) => concat(AGENT_MAGIC, nonce, encodeJson(KIND.hello, 0, HELLO));

Deno.test("AgentClient.exec() does not count the time that a slow reader takes", async () => {
  await withFakeAgent(begin, async (path) => {
    await using client = await AgentClient.connect(path, { name: "g", timeoutMs: 10_000 });
    let taken = false;
    const { code } = await client.exec({
      ...{ argv: ["x"], timeoutMs: 50, overtimeMs: 50 },
      async onStdout() {
        await delay(400);
        taken = true;
      },
    });
    assertEquals([code, taken], [0, true]);
  }, concat(encodeFrame(KIND.data, 1, text("x")), DONE));
});

Deno.test("AgentClient.exec() takes timeouts beyond a timer's limit", async () => {
  await withFakeAgent(begin, async (path) => {
    await using client = await AgentClient.connect(path, { name: "g", timeoutMs: 2 ** 31 });
    const onStdout = () => delay(100);
    const { code } = await client.exec({ argv: ["x"], timeoutMs: 2 ** 32, onStdout });
    assertEquals(code, 0);
  }, concat(encodeFrame(KIND.data, 1, text("x")), DONE));
});

Deno.test("AgentConnection.greet() sees that its signal has aborted before", async () => {
  await withFakeAgent(() => new Uint8Array(), async (path) => {
    const conn = await connectWhenThere(path, AbortSignal.timeout(10_000));
    const connection = new AgentConnection(conn, { name: "g" });
    const stopped = AbortSignal.abort(new Error("stopped"));
    const late = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error("still waiting")), 1000)
    );
    late.catch(() => {});
    const greeted = connection.greet(stopped);
    greeted.catch(() => {});
    await assertRejects(() => Promise.race([greeted, late]), Error, "stopped");
    connection.end("the test is over");
    await connection.closed;
    await late.catch(() => {});
  });
});
