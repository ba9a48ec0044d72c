import { delay } from "@std/async";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { formatError, GuestError, HostError, InterruptedError } from "../base/errors.ts";
import { processStartTime } from "../base/process/start_time.ts";
import { netArgs } from "./net_args.ts";
import { describeExit, guestCommand, startGuest, type StartGuestOptions } from "./launch.ts";
import { connectQmp } from "./qmp_connect.ts";

const PAUSED = ["-S", "-machine", "q35", "-accel", "tcg"];

async function withOptions(
  args: readonly string[],
  use: (options: StartGuestOptions, dir: string) => Promise<void>,
) {
  const dir = await Deno.makeTempDir({ prefix: "gh-launch-" });
  try {
    const options = {
      name: "debian-amd64",
      binary: "qemu-system-x86_64",
      args,
      runDir: dir,
      socketDir: join(dir, "s"),
      logs: { console: join(dir, "logs/console.log"), qemu: join(dir, "logs/qemu.log") },
    };
    await use(options, dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Everything below a directory, except logs. */
async function leftovers(dir: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    if (entry.name === "logs") continue;
    if (entry.isDirectory) names.push(...await leftovers(join(dir, entry.name)));
    else names.push(entry.name);
  }
  return names;
}

Deno.test("guestCommand() is the whole command, ready for --dry-run", () => {
  const command = guestCommand({
    name: "x",
    binary: "qemu-system-aarch64",
    args: ["-machine", "virt"],
    runDir: "/run,1",
    socketDir: "/s,1",
    logs: { console: "/c", qemu: "/q" },
  });
  assertEquals(command, [
    ...["qemu-system-aarch64", "-nodefaults", "-no-user-config", "-display", "none"],
    ...["-no-reboot", "-msg", "timestamp=on", "-name", "guest=x", "-machine", "virt"],
    ...["-chardev", "file,id=console0,path=/c", "-serial", "chardev:console0"],
    ...["-chardev", "socket,id=qmp0,path=/s,,1/qmp,server=on,wait=off"],
    ...["-mon", "chardev=qmp0,mode=control", "-pidfile", "/run,1/qemu.pid"],
  ]);
});

Deno.test("startGuest() gives QMP, pid and the port that the host chose", async () => {
  await withOptions([...PAUSED, ...netArgs({ hostPort: 0 })], async (options, dir) => {
    let pid: number;
    {
      await using guest = await startGuest(options);
      pid = guest.pid;
      assertEquals((await guest.qmp.execute("query-status")).status, "prelaunch");
      assertEquals((await guest.qmp.execute("query-name")).name, "debian-amd64");
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: guest.sshPort ?? 0 });
      conn.close();
      assertEquals((await Deno.stat(guest.logs.console)).size, 0);
    }
    assertEquals(await processStartTime(pid), undefined);
    assertEquals(await leftovers(dir), []);
  });
});

Deno.test("startGuest() has no port without a network", async () => {
  await withOptions(PAUSED, async (options) => {
    await using guest = await startGuest(options);
    assertEquals(guest.sshPort, undefined);
  });
});

Deno.test("Guest.shutdown() says which step succeeded, and exited how QEMU ended", async () => {
  await withOptions(PAUSED, async (options) => {
    await using guest = await startGuest(options);
    assertEquals(await guest.shutdown(), "quit");
    assertEquals((await guest.exited).code, 0);
    assertEquals(await guest.shutdown(), "gone");
  });
});

Deno.test("Guest.kill() ends a QEMU that hangs", async () => {
  await withOptions(PAUSED, async (options, dir) => {
    {
      await using guest = await startGuest(options);
      Deno.kill(guest.pid, "SIGSTOP");
      await guest.kill();
      assertEquals((await guest.exited).code, 137);
    }
    assertEquals(await leftovers(dir), []);
  });
});

Deno.test("Guest.release() leaves a guest that can be reached again", async () => {
  await withOptions(PAUSED, async (options) => {
    let pid: number, qmpPath: string;
    {
      await using guest = await startGuest(options);
      ({ pid, qmpPath } = guest);
      await guest.release();
    }
    assertEquals(typeof await processStartTime(pid), "string");
    await using qmp = await connectQmp({ path: qmpPath, name: "again" });
    await qmp.execute("quit");
    while (await processStartTime(pid) !== undefined) {
      await delay(5);
    }
  });
});

Deno.test("startGuest() reports a port that is taken, with QEMU's own words", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  await withOptions([...PAUSED, ...netArgs({ hostPort: port })], async (options, dir) => {
    const error = await assertRejects(() => startGuest(options), GuestError);
    assertEquals(error.exit, 4);
    const text = formatError(error);
    assertStringIncludes(
      text,
      `Cannot start guest "debian-amd64": port ${port} of this host is already in use\n`,
    );
    assertStringIncludes(text, "Could not set up host forwarding rule");
    assertStringIncludes(text, `\n  QEMU log: ${options.logs.qemu}\n`);
    assertStringIncludes(text, `\n  next: ss -ltnp 'sport = :${port}'`);
    assertEquals(await leftovers(dir), []);
  });
});

Deno.test("startGuest() shows the words of this run alone", async () => {
  await withOptions(["-machine", "nosuch"], async (options) => {
    await Deno.mkdir(join(options.runDir, "logs"));
    await Deno.writeTextFile(options.logs.qemu, "Could not access KVM kernel module\n");
    const error = await assertRejects(
      () => startGuest(options),
      GuestError,
      "QEMU does not know the machine of this platform",
    );
    assertEquals(error.details.some((line) => line.includes("KVM")), false);
  });
});

Deno.test("startGuest() says that QEMU is missing, and how to get it", async () => {
  await withOptions(PAUSED, async (options) => {
    const error = await assertRejects(
      () => startGuest({ ...options, binary: "qemu-system-nosuch" }),
      HostError,
    );
    assertStringIncludes(error.message, '"qemu-system-nosuch"');
    assertEquals([error.exit, error.next], [3, "deno task check --install"]);
  });
});

Deno.test("startGuest() gives up on a program that runs but never answers", async () => {
  await withOptions([], async (options, dir) => {
    const program = join(dir, "silent");
    await Deno.writeTextFile(program, "#!/bin/sh\nexec sleep 3600\n", { mode: 0o755 });
    await assertRejects(
      () => startGuest({ ...options, binary: program, startMs: 50 }),
      GuestError,
      'Cannot start guest "debian-amd64": QEMU runs, but does not answer on QMP',
    );
    assertEquals(await leftovers(dir), ["silent"]);
  });
});

Deno.test("startGuest() stops at once when interrupted, and leaves nothing", async () => {
  await withOptions(PAUSED, async (options, dir) => {
    const controller = new AbortController();
    const starting = startGuest({ ...options, signal: controller.signal });
    controller.abort(new InterruptedError());
    await assertRejects(() => starting, InterruptedError);
    assertEquals(await leftovers(dir), []);
  });
});

Deno.test("startGuest() refuses a socket path that is too long for the host", async () => {
  await withOptions(PAUSED, async (options, dir) => {
    const socketDir = join(dir, "x".repeat(100));
    const error = await assertRejects(
      () => startGuest({ ...options, socketDir }),
      HostError,
      "and 103 are possible",
    );
    assertEquals(error.next, "set XDG_RUNTIME_DIR to a shorter path");
  });
});

Deno.test("describeExit() tells a killed QEMU from one that gave up", () => {
  assertEquals(describeExit({ code: 1, success: false }), "QEMU exited with status 1");
  assertEquals(describeExit({ code: 134, success: false }), "QEMU died of signal 6");
  assertStringIncludes(describeExit({ code: 137, success: false }), "ran out of memory");
});

Deno.test("guestCommand() starts with the wrapper, and offers the console on a socket", async () => {
  // deno-lint-ignore require-await -- withOptions() wants a promise
  await withOptions(PAUSED, async (options, dir) => {
    const command = guestCommand({
      ...options,
      wrapper: ["unshare", "--user", "--"],
      consoleSocket: join(dir, "s/console"),
    });
    assertEquals(command.slice(0, 4), ["unshare", "--user", "--", "qemu-system-x86_64"]);
    const console = command[command.indexOf("-serial") - 1];
    assertEquals(
      console,
      `socket,id=console0,path=${join(dir, "s/console")},server=on,wait=off,` +
        `logfile=${options.logs.console},logappend=off`,
    );
  });
});
