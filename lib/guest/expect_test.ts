import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { GuestError } from "../base/errors.ts";
import { converse, type SerialStep } from "./expect.ts";
import { SerialConsole } from "./serial_console.ts";
import { type Answer, fakeConsole } from "./serial_testing.ts";

/** A login as root, by a password. */
const LOGIN: SerialStep = {
  ...{ what: "log in as root", wanted: "prompt of root's shell", limitMs: 5000, settleMs: 60 },
  expect: [
    { prompt: /^login:$/, after: /^OS\/amd64 \(\w+\)/, answer: "root", refused: "refused" },
    {
      ...{ prompt: /^Password:$/, after: /^login: root$/ },
      ...{ answer: "s3cret", secret: true, refused: "the password was refused" },
    },
    { line: /^Login incorrect/, fault: "the login was refused" },
    { prompt: /#$/, done: true },
  ],
};
const GREETING = "booting\r\n\r\nOS/amd64 (host) (tty0)\r\n\r\nlogin: ";
const ANSWER: Answer = (line) => line === "root" ? "Password: " : "\r\nWelcome\r\nhost# ";
const unlessSecret = { echo: (line: string) => line !== "s3cret" };

Deno.test("converse() answers each prompt once, and hides secrets", async () => {
  await using fake = await fakeConsole(GREETING, ANSWER, unlessSecret);
  await using console = await SerialConsole.open(fake.options);
  await converse(console, LOGIN);
  assertEquals(fake.typed, ["root", "s3cret"]);
  assert(fake.transcript.includes("<< root") && fake.transcript.includes("<< ********"));
  assert(!fake.transcript.join("\n").includes("s3cret"), fake.transcript.join("\n"));
});

/** What is typed, and the error, if the console goes on like this for 400 ms. */
async function held(greeting: string, answer: Answer = () => "", step: Partial<SerialStep> = {}) {
  await using fake = await fakeConsole(greeting, answer, unlessSecret);
  await using console = await SerialConsole.open(fake.options);
  const converses = converse(console, { ...LOGIN, limitMs: 400, ...step });
  const error = await assertRejects(() => converses, GuestError);
  return { typed: fake.typed, error, path: fake.options.consoleLog };
}

Deno.test("converse() takes no text that a program prints for a prompt", async () => {
  for (
    const imitation of [
      // A line that has ended; one with more after it; one without what a terminal prints above it.
      "OS/amd64 (host) (tty0)\r\n\r\nlogin: \r\n",
      "OS/amd64 (host) (tty0)\r\n\r\nlogin: as root, please",
      "rc: starting\r\nlogin: ",
      // A password before a name, and a shell before both.
      "OS/amd64 (host) (tty0)\r\n\r\nPassword: ",
      "login: root\r\nPassword: please wait",
      "host# ",
      "\x1b[2K\x1b]0;login: \x07# ",
    ]
  ) {
    const { typed, error } = await held(imitation);
    assertEquals(typed, [], imitation);
    assertStringIncludes(error.message, "no prompt of root's shell came within 0.4 s");
  }
});

Deno.test("converse() types a password only below the name that it has typed", async () => {
  const { typed } = await held(GREETING, () => "Starting sshd.\r\nPassword: ");
  assertEquals(typed, ["root"]);
});

Deno.test("converse() does not answer a prompt that stands still twice", async () => {
  // The console is slow to show what was typed.
  const { typed } = await held("OS/amd64 (host) (tty0)\r\nlogin: ", () => "", { limitMs: 600 });
  assertEquals(typed, ["root"]);
  const again = await held(GREETING, () => "\r\nOS/amd64 (host) (tty0)\r\n\r\nlogin: ");
  assertEquals([again.typed, again.error.message], [
    ["root"],
    'Cannot log in as root in guest "bsd": refused',
  ]);
});

Deno.test("converse() says what was expected, what the console shows, and what to do", async () => {
  const refused = await held(GREETING, () => "Login incorrect\r\n");
  assertStringIncludes(refused.error.message, "the login was refused");
  assertEquals(refused.error.details.at(-1), "| Login incorrect");
  assertEquals(refused.error.details[0], `console: ${refused.path}`);
  assertStringIncludes(refused.error.next ?? "", `less ${refused.path}`);
  const silent = await held("", () => "", { limitMs: 10_000, quietMs: 200 });
  assertStringIncludes(silent.error.message, "the console has shown nothing for 0.2 s");
});

Deno.test("converse() waits longer while the console shows something new", async () => {
  await using fake = await fakeConsole("boot\r\n", ANSWER, unlessSecret);
  await using console = await SerialConsole.open(fake.options);
  const converses = converse(console, { ...LOGIN, limitMs: 10_000, quietMs: 400 });
  for (let line = 0; line < 8; line++) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    await fake.show(`probing device ${line}\r\n`);
  }
  await fake.show(GREETING);
  await converses;
  assertEquals(fake.typed, ["root", "s3cret"]);
});

Deno.test("converse() types nothing, whatever a console shows that is no terminal's", async () => {
  const noise = fc.array(
    fc.constantFrom("login: ", "Password: ", "# ", "\r\n", "\r", "\x1b[2J", "OS/amd64 ", "x", "\0"),
    { maxLength: 12 },
  ).map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(noise, async (text) => {
      const { typed } = await held(text, () => "", { limitMs: 150 });
      assertEquals(typed, []);
    }),
    { numRuns: 20 },
  );
});
