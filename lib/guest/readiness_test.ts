import { delay } from "@std/async";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { formatError, GuestError, HostError, InterruptedError } from "../base/errors.ts";
import type { GuestExit } from "../qemu/launch.ts";
import { ConsoleLog } from "./console.ts";
import { type Readiness, type ReadinessOptions, waitForReady } from "./readiness.ts";
import { SshConnectError } from "./ssh_failure.ts";

/** Long beside everything that a test does. */
const LONG_MS = 3_600_000;

interface Scene {
  /** Writes to the guest's console. */
  say(text: string): Promise<void>;
  /** Ends QEMU. */
  end(exit: GuestExit): void;
  wait(options: Partial<ReadinessOptions<string>>): Promise<string>;
  readonly consolePath: string;
}

/** A guest as `waitForReady()` sees it: a console file and a promise of QEMU's end. */
async function withScene(use: (scene: Scene) => Promise<void>) {
  const dir = await Deno.makeTempDir({ prefix: "gh-ready-" });
  try {
    const consolePath = join(dir, "console.log");
    const exited = Promise.withResolvers<GuestExit>();
    const guest = {
      name: "x",
      logs: { console: consolePath, qemu: join(dir, "qemu.log") },
      exited: exited.promise,
    };
    await use({
      say: (text) => Deno.writeTextFile(consolePath, text, { append: true }),
      end: exited.resolve,
      wait: (options) =>
        waitForReady(guest, {
          deadlineMs: LONG_MS,
          knockMs: LONG_MS,
          pollMs: 1,
          connect: never,
          console: new ConsoleLog(consolePath),
          ...options,
        }),
      consolePath,
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** A try that hangs until it is given up. */
function never({ signal }: { signal: AbortSignal }): Promise<string> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const refused = () => new SshConnectError("x", "refused", "nothing listens on its port", true);

Deno.test("waitForReady() makes its first try when the guest announces itself", async () => {
  await withScene(async ({ say, wait }) => {
    let tries = 0;
    const waiting = wait({ connect: () => Promise.resolve(`try ${++tries}`) });
    await say("[init] root: 108 ms (/dev/vda, ext4)\n");
    await delay(20);
    assertEquals(tries, 0);
    await say("guesthouse: ready\n");
    assertEquals(await waiting, "try 1");
  });
});

Deno.test("waitForReady() also tries without an announcement", async () => {
  await withScene(async ({ wait }) => {
    let tries = 0;
    const connect = () => ++tries < 3 ? Promise.reject(refused()) : Promise.resolve("in");
    assertEquals(await wait({ connect, knockMs: 5 }), "in");
    assertEquals(tries, 3);
  });
});

Deno.test("waitForReady() gives up a try that began before the announcement", async () => {
  await withScene(async ({ say, wait }) => {
    const deadlines: number[] = [];
    const waiting = wait({
      knockMs: 1,
      connect: ({ signal, deadlineMs }) => {
        deadlines.push(deadlineMs);
        if (deadlines.length > 1) return Promise.resolve("in");
        void say("guesthouse: ready\n");
        return never({ signal });
      },
    });
    assertEquals(await waiting, "in");
    assertEquals(deadlines[0], 10_000);
    assert((deadlines[1] ?? 0) > 10_000);
  });
});

Deno.test("waitForReady() names what a panic followed from, and shows the console", async () => {
  await withScene(async ({ say, wait }) => {
    const waiting = wait({});
    await say("Out of memory: Killed process 1 (init) total\n");
    await say("Kernel panic - not syncing: Fatal exception\n");
    const error = await assertRejects(() => waiting, GuestError);
    const text = formatError(error);
    assertStringIncludes(text, 'Cannot start guest "x": it ran out of memory and killed "init"\n');
    assertStringIncludes(text, '  it ran out of memory and killed "init": Out of memory');
    assertStringIncludes(text, "  its kernel panicked: Fatal exception: Kernel panic");
    assertStringIncludes(text, "| Kernel panic - not syncing: Fatal exception\n");
    assertEquals(error.exit, 4);
  });
});

Deno.test("waitForReady() names the missing module without which the root disk cannot be mounted", async () => {
  await withScene(async ({ say, wait }) => {
    const waiting = wait({});
    await say("[module] ext4.ko: errno=2\n[init] root failed: errno=19 (ENODEV)\n");
    const error = await assertRejects(
      () => waiting,
      GuestError,
      'Cannot start guest "x": its initramfs lacks the module ext4.ko',
    );
    assertEquals(error.next, "deno task setup-images x --force");
    assertStringIncludes(error.details.join("\n"), "a step of its initramfs failed, root: ENODEV");
  });
});

Deno.test("waitForReady() prefers the console's cause to the end of QEMU that follows", async () => {
  await withScene(async ({ say, end, wait }) => {
    await say("[init] root: 108 ms (/dev/vda, ext4)\n[init] execv failed: errno=2 (ENOENT)\n");
    end({ code: 0, success: true, output: [] });
    const error = await assertRejects(
      () => wait({}),
      GuestError,
      'Cannot start guest "x": its first program is not in the image',
    );
    assertEquals(error.next, "deno task setup-images x --force");
    assertStringIncludes(error.details.join("\n"), "initramfs: root: 108 ms (/dev/vda, ext4)");
  });
});

Deno.test("waitForReady() says how QEMU ended, in QEMU's own words", async () => {
  await withScene(async ({ end, wait }) => {
    end({ code: 1, success: false, output: ["qemu-system-x86_64: failed"] });
    const error = await assertRejects(
      () => wait({}),
      GuestError,
      'Cannot start guest "x": before it was ready, QEMU exited with status 1',
    );
    assertEquals(error.details[0], "qemu-system-x86_64: failed");
    assertStringIncludes(error.details.join("\n"), "console.log is empty");
    assertStringIncludes(error.next ?? "", "qemu.log");
  });
});

Deno.test("waitForReady() tells a guest that powers off from a QEMU that fails", async () => {
  await withScene(async ({ say, end, wait, consolePath }) => {
    await say("reboot: Power down\n");
    end({ code: 0, success: true, output: [] });
    const error = await assertRejects(
      () => wait({}),
      GuestError,
      "it switched itself off before it was ready",
    );
    assertEquals(error.next, `deno task ci-diagnose ${consolePath}`);
  });
});

Deno.test("waitForReady() stops at the deadline with the last 40 lines and the last try", async () => {
  await withScene(async ({ say, wait, consolePath }) => {
    await say(Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(""));
    const error = await assertRejects(
      () => wait({ deadlineMs: 1000, knockMs: 1, connect: () => Promise.reject(refused()) }),
      GuestError,
      'Cannot start guest "x": it was not ready within 1 s',
    );
    const lines = error.details.filter((line) => line.startsWith("| "));
    assertEquals([lines.length, lines[0], lines.at(-1)], [40, "| line 60", "| line 99"]);
    assertStringIncludes(error.details.join("\n"), "last try: Cannot connect to guest");
    assertEquals(error.next, `deno task ci-diagnose ${consolePath}, or raise timeouts.boot`);
  });
});

Deno.test("waitForReady() says at the deadline that the guest had announced itself", async () => {
  await withScene(async ({ say, wait }) => {
    await say("guesthouse: ready\n");
    await assertRejects(
      () => wait({ deadlineMs: 60 }),
      GuestError,
      "it announced itself, but nobody could log in within 0.06 s",
    );
  });
});

Deno.test("waitForReady() shows the console when a try ends with the deadline", async () => {
  await withScene(async ({ say, wait, consolePath }) => {
    await say("[init] root: 108 ms (/dev/vda, ext4)\n");
    const fault = new GuestError("Cannot reach the agent: no answer");
    const connect = () => new Promise<string>((_, reject) => setTimeout(() => reject(fault), 296));
    const error = await assertRejects(
      () => wait({ deadlineMs: 300, announced: true, pollMs: LONG_MS, connect }),
      GuestError,
      'Cannot start guest "x": it was not ready within 0.3 s',
    );
    assertStringIncludes(error.details.join("\n"), "initramfs: root: 108 ms");
    assertStringIncludes(error.details.join("\n"), "last try: Cannot reach the agent");
    assertStringIncludes(error.next ?? "", `deno task ci-diagnose ${consolePath}`);
  });
});

Deno.test("waitForReady() does not repeat a try that cannot succeed", async () => {
  await withScene(async ({ say, wait }) => {
    await say("guesthouse: ready\n");
    const faults = [
      new SshConnectError("x", "host-key", "it does not have the pinned host key", false),
      new HostError("Cannot use the socket: its path is too long"),
    ];
    for (const fault of faults) {
      let tries = 0;
      const connect = () => {
        tries++;
        return Promise.reject(fault);
      };
      await assertRejects(
        () => wait({ connect }),
        fault.constructor as typeof Error,
        fault.message,
      );
      assertEquals(tries, 1);
    }
  });
});

Deno.test("waitForReady() stops at once when interrupted, and its try with it", async () => {
  await withScene(async ({ wait }) => {
    const controller = new AbortController();
    let given = false;
    const connect = (options: { signal: AbortSignal }) => {
      options.signal.addEventListener("abort", () => given = true);
      controller.abort(new InterruptedError());
      return never(options);
    };
    const waiting = wait({ signal: controller.signal, knockMs: 0, pollMs: LONG_MS, connect });
    await assertRejects(() => waiting, InterruptedError);
    assertEquals(given, true);
  });
});

Deno.test("waitForReady() reports the console's stages as they happen", async () => {
  await withScene(async ({ say, wait }) => {
    const seen: Readiness[] = [];
    await say("one\n");
    const connect = () => Promise.resolve("in");
    const waiting = wait({ connect, onProgress: (readiness) => void seen.push(readiness) });
    while (seen.length === 0) await delay(1);
    await say("guesthouse: ready\n");
    await waiting;
    assertEquals(seen.map(({ lastLine, ready }) => [lastLine, ready]), [
      ["one", false],
      ["guesthouse: ready", true],
    ]);
  });
});
