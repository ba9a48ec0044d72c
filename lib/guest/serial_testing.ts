import { join } from "@std/path";
import { spawnOwned } from "../base/process/process.ts";
import type { SerialOptions } from "./serial_console.ts";

/** A serial console without a machine. */
export interface FakeConsole extends AsyncDisposable {
  readonly dir: string;
  /** Lines that were typed. */
  readonly typed: string[];
  /** Has "QEMU" end. */
  readonly end: () => void;
  /** Has the console show something. */
  readonly show: (text: string) => Promise<void>;
  readonly options: SerialOptions;
  readonly transcript: string[];
}

/** What a fake console shows after a line was typed, besides its echo. */
export type Answer = (line: string, end: () => void) => string;

/** A console on which a function answers. `echo` false: as while a password is typed. */
export async function fakeConsole(
  greeting: string,
  answer: Answer,
  { echo = () => true }: { readonly echo?: (line: string) => boolean } = {},
): Promise<FakeConsole> {
  const { fake, served } = await openFake(greeting, async (line, show) => {
    // As a terminal does, the console shows what is typed, too.
    await show(`${echo(line) ? line : ""}\r\n${answer(line, fake.end)}`);
  });
  return {
    ...fake,
    async [Symbol.asyncDispose]() {
      await served();
    },
  };
}

/** A console on a real terminal of this host, with a shell on it, by util-linux' `script`. */
export async function shellConsole(): Promise<FakeConsole> {
  const pipe = await Deno.makeTempFile();
  const command = ["script", "-qfec", "env PS1='# ' sh -i", "/dev/null"];
  const { fake, served } = await openFake("", () => Promise.resolve(), async (piece) => {
    await Deno.writeTextFile(pipe, piece, { append: true });
  });
  const feed = ["sh", "-c", 'tail -n +1 -f "$1" | (shift; "$@")', "sh", pipe, ...command];
  const process = spawnOwned(feed, { output: fake.options.consoleLog });
  return {
    ...fake,
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await served();
      await Deno.remove(pipe);
    },
  };
}

async function openFake(
  greeting: string,
  onLine: (line: string, show: FakeConsole["show"]) => Promise<void>,
  onPiece: (piece: string) => Promise<void> = () => Promise.resolve(),
) {
  const dir = await Deno.makeTempDir();
  const consoleSocket = join(dir, "console");
  const consoleLog = join(dir, "console.log");
  await Deno.writeTextFile(consoleLog, greeting);
  const listener = Deno.listen({ transport: "unix", path: consoleSocket });
  const { promise: exited, resolve: end } = Promise.withResolvers<void>();
  const [typed, transcript]: [string[], string[]] = [[], []];
  const show = (text: string) => Deno.writeTextFile(consoleLog, text, { append: true });
  const serving = (async () => {
    using connection = await listener.accept();
    let pending = "";
    for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
      await onPiece(text);
      const lines = (pending + text).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        typed.push(line);
        await onLine(line, show);
      }
    }
  })().catch(() => {});
  const fake = {
    ...{ dir, typed, end, show, transcript },
    options: {
      ...{ name: "bsd", consoleSocket, consoleLog, exited, pollMs: 20 },
      signal: new AbortController().signal,
      transcript: (line: string) => void transcript.push(line),
    },
  };
  const served = async () => {
    listener.close();
    await serving;
    await Deno.remove(dir, { recursive: true });
  };
  return { fake, served };
}
