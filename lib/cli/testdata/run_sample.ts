import { fromFileUrl } from "@std/path";
import { TextLineStream } from "@std/streams";

/** The script of the sample task. */
export const SAMPLE = fromFileUrl(new URL("sample_task.ts", import.meta.url));

/** Starts the sample task with its streams piped. */
export function startSample(args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    // As the tasks run: no permission that is not listed, and no questions about it.
    args: ["run", "--quiet", "--no-prompt", SAMPLE, ...args],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs the sample task to its end, with nothing to read. */
export async function runSample(...args: string[]) {
  const child = startSample(args);
  await child.stdin.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A sample task that waits to be interrupted. */
export interface WaitingSample {
  readonly child: Deno.ChildProcess;
  /** The next line on standard error; undefined at its end. */
  nextLine(): Promise<string | undefined>;
  /** All of standard output. */
  readonly stdout: Promise<string>;
}

/** Starts the sample task and hands it over once it waits; kills it if it is left running. */
export async function withWaitingSample(
  args: string[],
  use: (sample: WaitingSample) => Promise<void>,
): Promise<void> {
  const child = startSample(args);
  const stdout = new Response(child.stdout).text();
  const lines = child.stderr
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream())
    .getReader();
  const nextLine = async () => (await lines.read()).value;
  let status: Deno.CommandStatus | undefined;
  child.status.then((ended) => status = ended);
  try {
    let line: string | undefined;
    do {
      line = await nextLine();
    } while (line !== undefined && line !== "ready");
    await use({ child, nextLine, stdout });
  } finally {
    if (status === undefined) child.kill("SIGKILL");
    await child.status;
    await lines.cancel();
    await stdout;
    await child.stdin.close().catch(() => {}); // the test may have closed it
  }
}
