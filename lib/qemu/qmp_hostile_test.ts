import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import * as fc from "fast-check";
import { InterruptedError } from "../base/errors.ts";
import { QmpConnectionError, QmpTimeoutError } from "./qmp_errors.ts";
import type { QmpClient } from "./qmp.ts";
import { connectQmp } from "./qmp_connect.ts";

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}\r\n';
const NEGOTIATED = '{"return": {}, "id": 1}\r\n';

/** A server that speaks `script` to each client: text to send, or a pause for input. */
type Script = readonly (string | Uint8Array<ArrayBuffer> | "wait for a command" | "hang up")[];

async function withServer(script: Script, use: (path: string) => Promise<void>) {
  const dir = await Deno.makeTempDir({ prefix: "gh-qmp-" });
  const path = join(dir, "s");
  const listener = Deno.listen({ transport: "unix", path });
  const conns: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const conn of listener) {
      conns.push(conn);
      // The client may hang up at any point; that is its right.
      await speak(conn, script).catch(() => {});
    }
  })();
  try {
    await use(path);
  } finally {
    listener.close();
    for (const conn of conns) {
      try {
        conn.close();
      } catch {
        // The script hung up already.
      }
    }
    await serving.catch(() => {});
    await Deno.remove(dir, { recursive: true });
  }
}

async function speak(conn: Deno.Conn, script: Script): Promise<void> {
  for (const line of script) {
    if (line === "wait for a command") await conn.read(new Uint8Array(4096));
    else if (line === "hang up") conn.close();
    else {
      const bytes = typeof line === "string" ? new TextEncoder().encode(line) : line;
      for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
    }
  }
}

const OPEN: Script = [GREETING, "wait for a command", NEGOTIATED];

async function withClient(script: Script, use: (client: QmpClient) => Promise<void>) {
  await withServer([...OPEN, "wait for a command", ...script], async (path) => {
    await using client = await connectQmp({ path, name: "evil", maxLineBytes: 4096 });
    await use(client);
  });
}

Deno.test("QmpClient fails the pending command when the server sends garbage", async () => {
  const cases: [string, string][] = [
    ["SSH-2.0-OpenSSH_9.2\r\n", 'received a line that is not QMP: "SSH-2.0-OpenSSH_9.2"'],
    ['{"return": {}, "id": 99}\n', "an answer to a command that was never sent: 99"],
    ['{"return": {}}\n', "an answer to a command that was never sent: undefined"],
    ['{"error": {"class": "GenericError", "desc": "parse"}}\n', "never sent: undefined"],
    ["\0\xff\n", "received a line that is not QMP"],
    ["x".repeat(5000), "received a line longer than 4096 bytes"],
    [`{"event": "${"x".repeat(5000)}`, "received a line longer than 4096 bytes"],
  ];
  for (const [answer, text] of cases) {
    await withClient([answer], async (client) => {
      await assertRejects(() => client.execute("query-status"), QmpConnectionError, text);
      // And it stays that way, without another try.
      await assertRejects(() => client.execute("stop"), QmpConnectionError, text);
    });
  }
});

Deno.test("QmpClient assembles an answer that arrives in halves, among events", async () => {
  const script = [
    '{"event": "STOP"}\n{"ret',
    'urn": {"status": "paused", ',
    '"running": false}, "id"',
  ];
  await withClient([...script, ": 2}\n"], async (client) => {
    assertEquals((await client.execute("query-status")).status, "paused");
  });
});

Deno.test("QmpClient reports a server that hangs up in the middle of a line", async () => {
  await withClient(['{"return": {}, "i', "hang up"], async (client) => {
    await assertRejects(
      () => client.execute("stop"),
      QmpConnectionError,
      'Cannot run QMP command "stop" on "evil": QEMU closed the connection',
    );
  });
});

Deno.test("QmpClient.execute() takes a hang-up as the answer to quit, garbage not", async () => {
  await withClient(["hang up"], async (client) => {
    assertEquals(await client.execute("quit"), {});
  });
  await withClient(["garbage\n"], async (client) => {
    await assertRejects(() => client.execute("quit"), QmpConnectionError, "not QMP");
  });
});

Deno.test("QmpClient.execute() times out on silence and drops the late answer", async () => {
  await withClient(
    ["wait for a command", '{"return": {"late": true}, "id": 2}\n{"return": {}, "id": 3}\n'],
    async (client) => {
      await assertRejects(
        () => client.execute("stop", undefined, { timeoutMs: 20 }),
        QmpTimeoutError,
        'Cannot run QMP command "stop" on "evil": no answer from QEMU within 20 ms',
      );
      assertEquals(await client.execute("cont"), {});
    },
  );
});

Deno.test("QmpClient.execute() rejects with the reason of its signal", async () => {
  await withClient([], async (client) => {
    const controller = new AbortController();
    const reason = new InterruptedError();
    const pending = client.execute("stop", undefined, { signal: controller.signal });
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => pending), reason);
  });
});

Deno.test("connectQmp() refuses a server that does not greet as QMP", async () => {
  const cases: [Script, string][] = [
    [["220 mail ESMTP\r\n"], "not QMP"],
    [["hang up"], "QEMU closed the connection"],
    [[new Uint8Array(1 << 16)], "received a line longer than 4096 bytes"],
    [[GREETING, "wait for a command", '{"error": {"class": "C", "desc": "no"}, "id": 1}\n'], "no"],
  ];
  for (const [script, text] of cases) {
    await withServer(script, async (path) => {
      const connecting = () => connectQmp({ path, name: "evil", maxLineBytes: 4096 });
      await assertRejects(connecting, Error, text);
    });
  }
});

Deno.test("connectQmp() times out on a server that accepts and says nothing", async () => {
  await withServer([], async (path) => {
    await assertRejects(
      () => connectQmp({ path, name: "mute", greetingMs: 20 }),
      QmpTimeoutError,
      'Cannot connect to QMP on "mute": no answer from QEMU within 20 ms',
    );
  });
});

Deno.test("connectQmp() settles whatever bytes a server sends", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await withServer([new Uint8Array(bytes), "hang up"], async (path) => {
        await assertRejects(() => connectQmp({ path, name: "fuzz" }), QmpConnectionError);
      });
    }),
    { numRuns: 30 },
  );
});
