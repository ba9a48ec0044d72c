import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { GuestError, HostError, UsageError } from "../base/errors.ts";
import type { AgentClient } from "../guest/agent/client.ts";
import type { ExecOptions } from "../guest/agent/client_options.ts";
import { AgentError } from "../guest/agent/agent_errors.ts";
import type { ExecResult } from "../guest/agent/messages.ts";
import { type CommandPlace, type MicroCommand, requireFit, runCommand } from "./run_micro.ts";

type Agent = Parameters<typeof runCommand>[0];

const ENDED: ExecResult = { code: 0, signal: null, timedOut: false, oom: false };
const bytes = (text: string) => new TextEncoder().encode(text);

/** An agent whose command does this, and which has these files. */
function fakeAgent(
  exec: (options: ExecOptions) => Promise<ExecResult>,
  files: Readonly<Record<string, string>> = {},
): Agent {
  const readFile: AgentClient["readFile"] = async (path, sink) => {
    const content = files[path];
    if (content === undefined) throw new AgentError("ENOENT", `Cannot read "${path}": not there`);
    await sink(bytes(content));
    return content.length;
  };
  return { name: "g", exec, readFile, writeFile: () => Promise.resolve(0) };
}

/** Runs it, and gives its status and what was warned of. */
async function run(
  agent: Agent,
  command: Partial<MicroCommand>,
  place: Partial<CommandPlace> = {},
) {
  const warnings: string[] = [];
  const nowhere = { write: (bytes: Uint8Array) => Promise.resolve(bytes.length) };
  const status = await runCommand(
    agent,
    { argv: ["cmd"], uploads: [], downloads: [], ...command },
    {
      ...{ stdout: nowhere, stderr: nowhere, onWarning: (text) => void warnings.push(text) },
      ...{ signal: new AbortController().signal, ...place },
    },
  );
  return { status, warnings };
}

const failing = (error: Error) => ({ write: () => Promise.reject(error) });
const talking = async ({ onStdout }: ExecOptions) => {
  await onStdout?.(bytes("text"));
  return ENDED;
};

Deno.test("runCommand() ends quietly, as by SIGPIPE, when nobody reads the output", async () => {
  const stdout = failing(new Deno.errors.BrokenPipe("Broken pipe (os error 32)"));
  assertEquals(await run(fakeAgent(talking), {}, { stdout }), { status: 141, warnings: [] });
});

Deno.test("runCommand() says what is wrong with a stream of the task", async () => {
  const stdout = failing(new Error("No space left on device (os error 28)"));
  const full = await assertRejects(
    () => run(fakeAgent(talking), {}, { stdout }),
    HostError,
    "Cannot write to standard output: No space left on device",
  );
  assertEquals(full.next, "make room on its disk: df -h");
  const directory = new ReadableStream<Uint8Array>({
    pull: () => Promise.reject(new Error("Is a directory (os error 21)")),
  });
  const reading = async ({ stdin }: ExecOptions) => {
    await (stdin as ReadableStream<Uint8Array>).getReader().read();
    return ENDED;
  };
  await assertRejects(
    () => run(fakeAgent(reading), {}, { stdin: directory }),
    HostError,
    "Cannot read standard input: Is a directory",
  );
});

Deno.test("runCommand() returns a failed command's status even if its files are missing", async () => {
  const dir = await Deno.makeTempDir();
  const downloads = ["/out", "/log"].map((guest) => ({ guest, host: join(dir, guest) }));
  await Deno.writeTextFile(join(dir, "out"), "of before");
  const failed = fakeAgent(() => Promise.resolve({ ...ENDED, code: 3 }), { "/log": "why" });
  const { status, warnings } = await run(failed, { downloads });
  assertEquals([status, warnings], [3, ['Cannot read "/out": not there']]);
  assertEquals(await Deno.readTextFile(join(dir, "out")), "of before");
  assertEquals(await Deno.readTextFile(join(dir, "log")), "why");
  const fine = fakeAgent(() => Promise.resolve(ENDED));
  await assertRejects(() => run(fine, { downloads }), AgentError, 'Cannot read "/out"');
  assertEquals((await Array.fromAsync(Deno.readDir(dir))).length, 2, "nothing is left behind");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("runCommand() fails for want of memory only if that ended the command", async () => {
  for (const ended of [{ code: null, signal: 9 }, { code: 137, signal: null }]) {
    const killed = fakeAgent(() => Promise.resolve({ ...ENDED, ...ended, oom: true }));
    await assertRejects(() => run(killed, {}), GuestError, "out of memory");
  }
  for (const code of [0, 1]) {
    const lived = fakeAgent(() => Promise.resolve({ ...ENDED, code, oom: true }));
    const { status, warnings } = await run(lived, {});
    assertEquals(status, code);
    assertStringIncludes(warnings.join("\n"), 'ran out of memory and killed a process of "cmd"');
  }
});

Deno.test("requireFit() refuses what no request can hold", () => {
  requireFit({ argv: ["x", "y".repeat(200_000)] });
  const error = assertThrows(
    () => requireFit({ argv: ["x", "y".repeat(300_000)] }),
    UsageError,
    "bytes, at most 262144 fit",
  );
  assertStringIncludes(error.next ?? "", "--upload");
});
