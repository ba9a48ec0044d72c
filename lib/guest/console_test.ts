import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import * as fc from "fast-check";
import { ConsoleLog, spellAdvice } from "./console.ts";

const TESTDATA = join(dirname(fromFileUrl(import.meta.url)), "testdata");

async function withLog(
  use: (log: ConsoleLog, write: (text: string) => Promise<void>) => Promise<void>,
) {
  const path = await Deno.makeTempFile({ prefix: "gh-console-" });
  try {
    await use(new ConsoleLog(path), (text) => Deno.writeTextFile(path, text, { append: true }));
  } finally {
    await Deno.remove(path);
  }
}

const fixtures: { readonly file: string; readonly summary: string; readonly next: string }[] = [
  {
    file: "initramfs_failed.txt",
    summary: "a step of its initramfs failed, root: EINVAL, wrong argument",
    next: "deno task setup-images x --force",
  },
  {
    file: "init_exited.txt",
    summary: "its first process ended with status 7",
    next: "deno task ci-diagnose /console.log",
  },
  {
    file: "init_crashed.txt",
    summary: "its first process ended by signal 11",
    next: "deno task ci-diagnose /console.log",
  },
  {
    file: "no_root.txt",
    summary: 'its kernel cannot open the root disk "vda"',
    next: "deno task setup-images x --force",
  },
  {
    file: "emergency.txt",
    summary: "it entered emergency mode instead of booting",
    next: "deno task ci-diagnose /console.log",
  },
  {
    file: "initramfs_shell.txt",
    summary: "its initramfs did not find the root disk /dev/vda1",
    next: "deno task setup-images x --force",
  },
  {
    file: "freebsd_mountroot.txt",
    summary: "its kernel cannot mount ufs:/dev/vtbd0p2 (error 19)",
    next: "deno task setup-images x --force",
  },
  {
    file: "no_boot_disk.txt",
    summary: "its firmware found nothing to boot",
    next: "deno task setup-images x --force",
  },
];

for (const { file, summary, next } of fixtures) {
  Deno.test(`ConsoleLog names the cause in ${file}`, async () => {
    const log = new ConsoleLog(join(TESTDATA, file));
    await log.poll();
    assertEquals(log.cause?.summary, summary);
    const advice = spellAdvice(log.cause?.next ?? "read-log", {
      name: "x",
      console: "/console.log",
    });
    assertEquals(advice, next);
    assertEquals(log.ready, false);
  });
}

Deno.test("ConsoleLog keeps a process killed for memory beside the panic that followed", async () => {
  const log = new ConsoleLog(join(TESTDATA, "out_of_memory.txt"));
  await log.poll();
  assertEquals(log.cause?.summary, "its first process ended with status 0");
  assertEquals(log.symptoms.map(({ summary }) => summary), [
    'it ran out of memory and killed "init"',
  ]);
  assertEquals(
    spellAdvice(log.symptoms[0]?.next ?? "read-log", { name: "x", console: "" }),
    'give the guest more memory ("memory" in guesthouse.json)',
  );
});

Deno.test("ConsoleLog sees that a guest is ready, and how far its initramfs got", async () => {
  const log = new ConsoleLog(join(TESTDATA, "ready.txt"));
  await log.poll();
  assertEquals([log.ready, log.lastStep, log.cause], [
    true,
    "switch-root: total 553 ms (/sbin/init)",
    undefined,
  ]);
  assertEquals(log.tail(2), ["Debian GNU/Linux 12 debian-arm64 ttyAMA0", "debian-arm64 login:"]);
});

Deno.test("ConsoleLog.poll() returns each completed line once", async () => {
  await withLog(async (log, write) => {
    assertEquals(await log.poll(), []);
    await write("one\r\ntw");
    assertEquals(await log.poll(), ["one"]);
    assertEquals(log.tail(), ["one", "tw"]);
    await write("o\r\n");
    assertEquals(await log.poll(), ["two"]);
    assertEquals(await log.poll(), []);
  });
});

Deno.test("ConsoleLog sees a prompt that never ends its line", async () => {
  await withLog(async (log, write) => {
    await write("(initramfs) ");
    await log.poll();
    assertEquals(log.cause?.kind, "emergency-shell");
  });
});

Deno.test("ConsoleLog prefers a cause over its consequences, in whichever order", async () => {
  const lines = [
    "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\n",
    "[init] root failed: errno=22 (EINVAL)\n",
  ];
  for (const order of [lines, lines.toReversed()]) {
    await withLog(async (log, write) => {
      for (const line of order) {
        await write(line);
        await log.poll();
      }
      assertEquals(
        log.cause?.summary,
        "a step of its initramfs failed, root: EINVAL, wrong argument",
      );
    });
  }
});

Deno.test("ConsoleLog starts over when the file was emptied", async () => {
  await withLog(async (log, write) => {
    await write("Kernel panic - not syncing: first run\nguesthouse: ready\n");
    await log.poll();
    await Deno.truncate(log.path);
    await write("second run\n");
    assertEquals(await log.poll(), ["second run"]);
    assertEquals([log.cause, log.ready, log.tail()], [undefined, false, ["second run"]]);
  });
});

Deno.test("ConsoleLog finds nothing new in a file that does not exist yet", async () => {
  const log = new ConsoleLog("/nonexistent/console.log");
  assertEquals([await log.poll(), log.tail()], [[], []]);
});

Deno.test("ConsoleLog stays small when a guest floods its console", async () => {
  await withLog(async (log, write) => {
    await write(`${"x".repeat(1 << 20)}\n${"noise\n".repeat(100_000)}last`);
    await log.poll();
    assertEquals(log.tail(2), ["noise", "last"]);
    assertEquals(log.tail(1_000_000).length, 201);
  });
});

Deno.test("ConsoleLog reads the same lines however the writes are cut", async () => {
  const text = "[\x1b[0;32m  OK  \x1b[0m] grüße 日本語\r\n\x1b]0;t\x07guesthouse: ready\r\n";
  const bytes = new TextEncoder().encode(text);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), async (sizes) => {
      await withLog(async (log) => {
        const lines: string[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          await Deno.writeFile(log.path, bytes.subarray(at, at + size), { append: true });
          lines.push(...await log.poll());
          at += size;
        }
        assertEquals(lines, ["[  OK  ] grüße 日本語", "guesthouse: ready"]);
        assertEquals(log.ready, true);
      });
    }),
    { numRuns: 30 },
  );
});
