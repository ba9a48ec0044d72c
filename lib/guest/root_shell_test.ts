import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { GuestError } from "../base/errors.ts";
import { haveProgram } from "../base/host_testing.ts";
import { RootShell } from "./root_shell.ts";
import { SerialConsole } from "./serial_console.ts";
import { fakeConsole, shellConsole } from "./serial_testing.ts";

const PATIENCE = { limitMs: 10_000 };
const ignore = !haveProgram("/usr/bin/script") || Deno.build.os !== "linux" || Deno.uid() !== 0;

Deno.test({
  name: "RootShell runs commands on a real terminal, and knows how they ended",
  ignore,
  async fn() {
    await using fake = await shellConsole();
    await using console = await SerialConsole.open(fake.options);
    const shell = await RootShell.take(console, PATIENCE);
    const no = await shell.run("echo out; exit_with() { return 3; }; exit_with", {
      ...{ ...PATIENCE, what: "fail" },
    });
    assertEquals([no.code, no.lines.includes("out")], [3, true]);
    // A mark is made for each command; what a program prints cannot have it.
    const imitation = await shell.run("echo gh00000000gh00000000:0:; false", {
      ...{ ...PATIENCE, what: "imitate" },
    });
    assertEquals(imitation.code, 1);
    // It does not read what is typed for the shell.
    assertEquals((await shell.run("cat", { ...PATIENCE, what: "read" })).code, 0);
    const error = await assertRejects(
      () => shell.must(["ls", "/no such"], { ...PATIENCE, what: "list" }),
      GuestError,
    );
    assertStringIncludes(error.message, '"ls" ended with status 2');
    assertStringIncludes(error.details.join("\n"), "/no such");
  },
});

Deno.test({
  name: "RootShell types a file that is longer than a terminal's buffer, and verifies it",
  ignore,
  async fn() {
    await using fake = await shellConsole();
    await using console = await SerialConsole.open(fake.options);
    const shell = await RootShell.take(console, PATIENCE);
    const text = Array.from(
      { length: 60 },
      (_, line) => `line ${line} has 'quotes', $variables, \\ and \`that\`: ${"x".repeat(line)}`,
    ).join("\n");
    const path = join(fake.dir, "a file");
    await shell.writeFile(path, `${text}\n`, "write");
    assertEquals(await Deno.readTextFile(path), `${text}\n`);
    await assertRejects(
      () => shell.writeFile(path, `${"x".repeat(300)}\n`, "write"),
      RangeError,
      "cannot type a line of 300 bytes",
    );
    assert(fake.typed.every((line) => line.length <= 240));
  },
});

Deno.test("RootShell refuses what only looks like a prompt", async () => {
  await using fake = await fakeConsole("host# ", () => "# ");
  await using console = await SerialConsole.open(fake.options);
  const error = await assertRejects(
    () => RootShell.take(console, { limitMs: 1500 }),
    GuestError,
    "Cannot start a shell of root",
  );
  assertStringIncludes(error.message, "no prompt of a shell came");
  assertEquals(fake.typed.length, 1);
});
