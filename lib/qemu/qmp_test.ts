import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { InterruptedError } from "../base/errors.ts";
import { QmpCommandError, QmpConnectionError, QmpTimeoutError } from "./qmp_errors.ts";
import { connectQmp } from "./qmp_connect.ts";
import { listenQmp } from "./qmp_listen.ts";
import { startPausedQemu } from "./qemu_testing.ts";

Deno.test("QmpClient runs typed commands on a real QEMU", async () => {
  await using qemu = await startPausedQemu();
  const { status, running } = await qemu.qmp.execute("query-status");
  assertEquals([status, running], ["prelaunch", false]);
  const { qemu: version } = await qemu.qmp.execute("query-version");
  assertEquals(Number.isInteger(version.major), true);
});

Deno.test("QmpClient matches overlapping commands to their answers", async () => {
  await using qemu = await startPausedQemu(["-machine", "none", "-name", "overlap"]);
  const [name, status, block, cpus] = await Promise.all([
    qemu.qmp.execute("query-name"),
    qemu.qmp.execute("query-status"),
    qemu.qmp.execute("query-block"),
    qemu.qmp.execute("query-cpus-fast"),
  ]);
  assertEquals([name.name, status.status, block, cpus], ["overlap", "prelaunch", [], []]);
});

Deno.test("QmpClient.execute() carries QEMU's error class and description", async () => {
  await using qemu = await startPausedQemu();
  const error = await assertRejects(
    () => qemu.qmp.execute("migrate", { uri: "nowhere" }),
    QmpCommandError,
    'Cannot run QMP command "migrate" on "test": ',
  );
  assertEquals([error.errorClass, error.exit], ["GenericError", 4]);
});

Deno.test("QmpClient.waitForEvent() sees the event of a command sent after it", async () => {
  await using qemu = await startPausedQemu();
  const seen: string[] = [];
  const events = qemu.qmp.events();
  const resumed = qemu.qmp.waitForEvent("RESUME", { timeoutMs: 30_000 });
  await qemu.qmp.execute("cont");
  await resumed;
  const stopped = qemu.qmp.waitForEvent("STOP", { timeoutMs: 30_000 });
  await qemu.qmp.execute("stop");
  await stopped;
  qemu.qmp.close();
  for await (const event of events) seen.push(event.event);
  assertEquals(seen, ["RESUME", "STOP"]);
});

Deno.test("QmpClient.waitForEvent() filters, times out and can be aborted", async () => {
  await using qemu = await startPausedQemu();
  const wrong = qemu.qmp.waitForEvent("SHUTDOWN", {
    timeoutMs: 3_600_000,
    where: ({ reason }) => reason === "guest-panic",
  });
  await assertRejects(
    () => qemu.qmp.waitForEvent("STOP", { timeoutMs: 1 }),
    QmpTimeoutError,
    'Cannot wait for QMP event "STOP" on "test": no answer from QEMU within 1 ms',
  );
  const reason = new InterruptedError();
  const waiting = qemu.qmp.waitForEvent("STOP", {
    timeoutMs: 3_600_000,
    signal: AbortSignal.abort(reason),
  });
  assertStrictEquals(await assertRejects(() => waiting), reason);
  await qemu.qmp.execute("quit");
  await assertRejects(() => wrong, QmpConnectionError, "QEMU closed the connection");
});

Deno.test("QmpClient fails what is pending and what comes later when QEMU is killed", async () => {
  await using qemu = await startPausedQemu();
  const waiting = qemu.qmp.waitForEvent("STOP", { timeoutMs: 3_600_000 });
  Deno.kill(qemu.pid, "SIGKILL");
  await assertRejects(() => waiting, QmpConnectionError, "QEMU closed the connection");
  assertInstanceOf(await qemu.qmp.closed, QmpConnectionError);
  await assertRejects(
    () => qemu.qmp.execute("stop"),
    QmpConnectionError,
    'Cannot run QMP command "stop" on "test": QEMU closed the connection',
  );
});

Deno.test("QmpClient.close() is orderly and may be repeated", async () => {
  await using qemu = await startPausedQemu();
  const pending = qemu.qmp.execute("query-status");
  qemu.qmp.close();
  qemu.qmp.close();
  await assertRejects(() => pending, QmpConnectionError, "closed on this side");
  assertEquals(await qemu.qmp.closed, undefined);
});

Deno.test("connectQmp() can come back to a QEMU that another client has left", async () => {
  await using qemu = await startPausedQemu();
  qemu.qmp.close();
  {
    await using first = await connectQmp({ path: qemu.socketPath, name: "first" });
    await first.execute("query-status");
  }
  await using again = await connectQmp({ path: qemu.socketPath, name: "again" });
  assertEquals((await again.execute("query-status")).status, "prelaunch");
});

Deno.test("connectQmp() says so when another client holds the socket", async () => {
  await using qemu = await startPausedQemu();
  await using _first = await connectQmp({ path: qemu.socketPath, name: "first" });
  await assertRejects(
    () => connectQmp({ path: qemu.socketPath, name: "second", greetingMs: 50 }),
    QmpTimeoutError,
    'Cannot connect to QMP on "second": no answer from QEMU within 50 ms',
  );
});

Deno.test("connectQmp() gives up after the deadline on a QEMU that hangs, however often", async () => {
  await using qemu = await startPausedQemu();
  Deno.kill(qemu.pid, "SIGSTOP");
  try {
    // The first ones wait to be accepted, for which there are few places; then there is none left.
    for (let tries = 0; tries < 5; tries++) {
      await assertRejects(
        () => connectQmp({ path: qemu.socketPath, name: "x", deadlineMs: 20, greetingMs: 20 }),
        QmpTimeoutError,
        "within 20 ms",
      );
    }
  } finally {
    Deno.kill(qemu.pid, "SIGCONT");
  }
});

Deno.test("connectQmp() gives up when QEMU has ended, after the deadline, or when aborted", async () => {
  const path = "/nonexistent/qmp";
  await assertRejects(
    () => connectQmp({ path, name: "dead", exited: Promise.resolve() }),
    QmpConnectionError,
    'Cannot connect to QMP on "dead": QEMU has ended',
  );
  await assertRejects(
    () => connectQmp({ path, name: "late", deadlineMs: 1 }),
    QmpTimeoutError,
    "within 1 ms",
  );
  const controller = new AbortController();
  const reason = new InterruptedError();
  const waiting = connectQmp({ path, name: "stop", signal: controller.signal });
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => waiting), reason);
});

Deno.test("listenQmp() gives up when QEMU has ended, after the deadline, or when aborted", async () => {
  const dir = await Deno.makeTempDir({ prefix: "gh-listen-" });
  const accept = async (
    options: { exited?: Promise<void>; deadlineMs?: number; signal?: AbortSignal },
  ) => {
    using listener = listenQmp(`${dir}/call`);
    await listener.accept({ name: "x", ...options });
  };
  try {
    await assertRejects(
      () => accept({ exited: Promise.resolve() }),
      QmpConnectionError,
      'Cannot connect to QMP on "x": QEMU has ended',
    );
    await assertRejects(() => accept({ deadlineMs: 1 }), QmpTimeoutError, "within 1 ms");
    const reason = new InterruptedError();
    const aborted = accept({ signal: AbortSignal.abort(reason) });
    assertStrictEquals(await assertRejects(() => aborted), reason);
    assertEquals(await Array.fromAsync(Deno.readDir(dir)), []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
