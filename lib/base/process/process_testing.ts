/** Parts of the tests of processes: real trees of them, and whether they are gone. */
import { delay } from "@std/async";
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { ownScript } from "./own_script.ts";
import { processStartTime } from "./start_time.ts";

/** Longer than anything takes on a busy machine; only a failing test waits for it. */
const DEADLINE_MS = 15_000;

/** Says its pid in the file `$0`, and ignores all signals that can be; not for ever, though. */
const STUBBORN = `trap "" HUP INT TERM USR1; echo $$ >>"$0"
for tick in $(seq 600); do sleep 0.05; done`;

/** A shell with a child that ignores TERM; both say their pids in a file. */
export function stubbornTree(pidFile: string): string[] {
  return ["sh", "-c", 'sh -c "$1" "$0" & echo $$ >>"$0"; wait', pidFile, STUBBORN];
}

/** What each program is started by; a list of programs that may be run has to name it. */
export const SUPERVISOR = ownScript("supervise.sh", import.meta.url);

/** The path of a script in `testdata/`. */
export const testdata = (name: string): string =>
  fromFileUrl(new URL(`testdata/${name}`, import.meta.url));

/** Waits for a condition. Throws when it does not come about. */
export async function waitUntil(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`Not within ${DEADLINE_MS} ms: ${what}`);
    await delay(10);
  }
}

/** The outcome of a promise. Throws when it does not come. */
export async function within<T>(promise: PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The pids in a file, once it has so many. */
export async function pidsIn(pidFile: string, count: number): Promise<number[]> {
  let lines: string[] = [];
  await waitUntil(`${count} pids in ${pidFile}`, async () => {
    lines = (await Deno.readTextFile(pidFile).catch(() => "")).split("\n").slice(0, -1);
    return lines.length >= count;
  });
  return lines.map(Number);
}

/** Those of the processes that run. */
export async function living(pids: readonly number[]): Promise<number[]> {
  const times = await Promise.all(pids.map(processStartTime));
  return pids.filter((_, index) => times[index] !== undefined);
}

/** Asserts that the processes run now, and kills them if the test goes wrong afterwards. */
export async function watch(pids: readonly number[]): Promise<AsyncDisposable> {
  assertEquals(await living(pids), pids, "they should run by now");
  const times = await Promise.all(pids.map(processStartTime));
  return {
    async [Symbol.asyncDispose]() {
      for (const [index, pid] of pids.entries()) {
        if (await processStartTime(pid) === times[index]) Deno.kill(pid, "SIGKILL");
      }
    },
  };
}

/** A Deno process that waits until its stdin is closed. */
interface WaitingProcess extends AsyncDisposable {
  readonly child: Deno.ChildProcess;
}

/** Starts a script with all permissions, once it has printed its first line, which must be this. */
export async function startScript(
  path: string,
  args: readonly string[],
  firstLine: string,
): Promise<WaitingProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", path, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await within(reader.read());
  await reader.cancel();
  assertEquals(new TextDecoder().decode(value), `${firstLine}\n`);
  return {
    child,
    async [Symbol.asyncDispose]() {
      await child.stdin.close().catch(() => {});
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended, as most tests want.
      }
      await child.status;
    },
  };
}

/** A process that stands for QEMU, or for one that looks like it. */
export function startSleep(
  seconds = 60,
): { readonly child: Deno.ChildProcess; readonly pid: number } & AsyncDisposable {
  const child = new Deno.Command("sleep", { args: [String(seconds)] }).spawn();
  return {
    child,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // The test has ended it.
      }
      await child.status;
    },
  };
}
