import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async";
import { GuestError } from "../../../base/errors.ts";
import { converse } from "../../../guest/expect.ts";
import { SerialConsole } from "../../../guest/serial_console.ts";
import { type Answer, fakeConsole } from "../../../guest/serial_testing.ts";
import { FREEBSD_LOADER } from "../freebsd/freebsd_loader.ts";
import { NETBSD_LOADER } from "../netbsd/netbsd_loader.ts";
import { loginStep } from "./log_in.ts";

// The prompts are those of public records of consoles, as far as they decide: FreeBSD's of its
// handbook (chapter "Virtual Consoles") and of QEMU's own tests/vm/freebsd; NetBSD's of QEMU's bug
// 1743191 and of boot(8); what stands above a login prompt is "im" of gettytab(5) of each.
const FREEBSD = "Starting sshd.\r\nFri Nov 27 20:00:00 UTC 2026\r\n\r\n" +
  "FreeBSD/amd64 (freebsd) (ttyu0)\r\n\r\nlogin: ";
const NETBSD = "Starting cron.\r\nFri Nov 27 20:00:00 UTC 2026\r\n\r\n" +
  "NetBSD/amd64 (localhost) (constty)\r\n\r\nlogin: ";
const NETBSD_MENU = "\r\n     1. Boot normally\r\n     2. Boot single user\r\n" +
  "     3. Drop to boot prompt\r\n\r\n" +
  "Choose an option; RETURN for default; SPACE to stop countdown.\r\n" +
  "Option 1 will be chosen in 5 seconds.";

/** What is typed on the way to root's shell. */
async function typed(
  greeting: string,
  answer: Answer,
  loader: Parameters<typeof loginStep>[0] = [],
  limitMs = 20_000,
): Promise<string[]> {
  await using fake = await fakeConsole(greeting, answer);
  await using console = await SerialConsole.open(fake.options);
  await converse(console, { ...loginStep(loader), settleMs: 150, limitMs });
  return fake.typed;
}

Deno.test("root logs in to FreeBSD, to NetBSD, and below messages of the kernel", async () => {
  const freebsd = "Welcome to FreeBSD!\r\nroot@freebsd:~ # ";
  assertEquals(await typed(FREEBSD, () => freebsd), ["root"]);
  const netbsd = "Nov 27 20:00:01 localhost login: ROOT LOGIN (root) on tty constty\r\n" +
    "Welcome to NetBSD!\r\n\r\nlocalhost# ";
  assertEquals(await typed(NETBSD, () => netbsd), ["root"]);
});

Deno.test("a boot loader that asks is told to use the serial line", async () => {
  const answers: Record<string, string> = {
    " 3": 'type "?" or "help" for help.\r\n> ',
    "consdev com0": "> ",
    "boot": NETBSD,
    "root": "localhost# ",
  };
  // A key has no line of its own, and shows the menu's line.
  await using fake = await fakeConsole(NETBSD_MENU, (line) => answers[line] ?? "");
  await using console = await SerialConsole.open(fake.options);
  const step = { ...loginStep(NETBSD_LOADER), settleMs: 150, limitMs: 20_000 };
  const talking = converse(console, step);
  while (!fake.transcript.includes("<<  ")) await delay(10);
  await fake.show("\r\nOption: [1]:");
  await talking;
  assertEquals(fake.typed, [" 3", "consdev com0", "boot", "root"]);
  const menu = "   3. Escape to loader prompt\r\n\r\nOK ";
  const said = await typed(menu, (line) => {
    if (line === "boot") return FREEBSD;
    return line === "root" ? "root@freebsd:~ # " : "OK ";
  }, FREEBSD_LOADER);
  assertEquals(said, ['3set console="comconsole"', "boot", "root"]);
});

Deno.test("a BSD that cannot be logged in to says why", async () => {
  const cases: [greeting: string, answer: string, why: string][] = [
    [FREEBSD, "Login incorrect\r\nlogin: ", "root cannot log in without a password"],
    [FREEBSD, "Password:", "root has a password"],
    [
      "Mounting from ufs:/dev/gpt/rootfs failed\r\nmountroot> ",
      "",
      "its kernel asks which root disk to use",
    ],
    ["root device (default ld0a): ", "", "its kernel asks which root disk to use"],
    ["Stopped at  0x0\r\ndb> ", "", "stopped in the debugger"],
    ["can't load 'kernel'\r\nOK ", "", "waits for commands"],
  ];
  for (const [greeting, answer, why] of cases) {
    await assertRejects(() => typed(greeting, () => answer), GuestError, why);
  }
});

Deno.test("no step is answered twice: not the same login, and not before it", async () => {
  const again = "NetBSD/amd64 (localhost) (constty)\r\n\r\nlogin: ";
  await assertRejects(() => typed(NETBSD, () => again), GuestError, "the login prompt came again");
  // A prompt of a shell that nobody has logged in to.
  const early = () => typed("# ", () => "", [], 1500);
  await assertRejects(early, GuestError, "no prompt of root's shell came within 1.5 s");
});
