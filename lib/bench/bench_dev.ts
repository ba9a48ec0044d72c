import { copy } from "@std/fs";
import { join } from "@std/path";
import { devCommands } from "../dev/state/dev_commands.ts";
import { GuestError, WorkError } from "../base/errors.ts";
import type { ShareMode } from "../config/dev_config.ts";
import { sshConfigPath } from "../dev/connect_dev.ts";
import { DEV_FILES } from "../dev/state/dev_paths.ts";
import type { DevRecord } from "../dev/state/record.ts";
import { type MountChoice, shareMount } from "../dev/share/share_mount.ts";
import { execText } from "../guest/exec_text.ts";
import { joinSsh, type SshConnection } from "../guest/ssh.ts";
import { ensureKeys } from "../host/keys.ts";
import { keysDir } from "../base/files/paths.ts";
import { makeScratch } from "../base/process/scratch.ts";
import { makeTree, RARE_WORD } from "./dev_tree.ts";
import type { Row } from "../report/row.ts";
import { type BenchOptions, measureSeries, rowOf } from "./series.ts";
import { timeTask } from "./time_task.ts";

/** Time limits for tasks of the dev guest. */
const INIT_MS = 1_800_000;
const TASK_MS = 300_000;

/** The share modes to compare: the default first, then one change at a time. */
const MOUNTS: readonly [name: string, choice: Omit<MountChoice, "mode" | "readOnly">][] = [
  ["9p", {}],
  ["9p msize=128K", { msize: 128 * 1024 }],
  ["9p msize=1M", { msize: 1024 * 1024 }],
  ["9p cache=none", { cache: "none" }],
  ["9p cache=loose", { cache: "loose" }],
];

/** What is timed in the shared tree. */
const WORK: readonly [name: string, argv: readonly string[]][] = [
  ["git status", ["git", "status", "--porcelain"]],
  ["grep -r", ["grep", "--recursive", "--files-with-matches", RARE_WORD, "."]],
];

/** A separate place for a dev guest, which does not interfere with the user's. */
interface Bench {
  readonly options: BenchOptions;
  readonly projectDir: string;
  /** The directory of guests and keys. */
  readonly state: string;
  /** Runs a task of the dev guest, and returns its wall time and standard output. */
  task(words: readonly string[], timeoutMs?: number): Promise<{ seconds: number; stdout: string }>;
}

/** Measures the Debian dev guest: creating, starting and entering it, and the share modes. */
export async function measureDev(options: BenchOptions): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const { path: dir } = stack.use(await makeScratch("bench"));
  const projectDir = join(dir, "project");
  await makeTree(projectDir, options.signal);
  const state = join(dir, "state");
  await Deno.mkdir(state);
  await ensureKeys(options.signal);
  await copy(keysDir(), join(state, "keys"));
  const env = { GUESTHOUSE_STATE: state, GUESTHOUSE_LOGS: join(dir, "logs") };
  const bench: Bench = {
    ...{ options, projectDir, state },
    task: (words, timeoutMs = TASK_MS) =>
      timeTask(words, { env, timeoutMs, signal: options.signal }),
  };
  const init = await timeSeries(bench, "arm-dev-init", 1, async () => {
    const words = ["arm-dev-init", "--flavour", "debian", "--fresh", "--yes"];
    return (await bench.task(words, INIT_MS)).seconds;
  });
  if (init.error !== undefined) return [init];
  stack.defer(() => bench.task(["arm-dev-kill"]).then(() => {}, () => {}));
  return [init, ...await measureStart(bench), ...await measureShares(bench)];
}

async function timeSeries(
  { options }: Bench,
  name: string,
  runs: number,
  measure: () => Promise<number>,
): Promise<Row> {
  const { values, error } = await measureSeries(name, { ...options, runs }, measure);
  return rowOf(name, values, { platform: "arm-dev", error });
}

async function measureStart(bench: Bench): Promise<Row[]> {
  const { runs } = bench.options;
  const start = await timeSeries(bench, "arm-dev", runs, async () => {
    await bench.task(["arm-dev-shutdown", "--force-after", "60"]);
    return (await startGuest(bench, "9p")).seconds;
  });
  const enter = await timeSeries(
    bench,
    "arm-dev-ssh -- true",
    runs,
    async () => (await bench.task(["arm-dev-ssh", "--", "true"])).seconds,
  );
  return [start, enter];
}

/** Starts the guest, which is not running, with a share of that mode. */
async function startGuest({ task, projectDir }: Bench, mode: ShareMode) {
  const port = freePort();
  const words = ["--json", "--project", projectDir, "--share", mode, "--ssh-port", String(port)];
  return await task(["arm-dev", ...words]);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Each share mode, one after the other. */
async function measureShares(bench: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const mode of ["9p", "virtiofs", "rsync"] as const) {
    await bench.task(["arm-dev-shutdown", "--force-after", "60"]);
    const first = await timeSeries(
      bench,
      `arm-dev --share ${mode}`,
      1,
      async () => (await startGuest(bench, mode)).seconds,
    );
    rows.push(first);
    if (first.error !== undefined) continue;
    const { ssh, guestDir } = await openShared(bench);
    const ways = mode === "9p" ? MOUNTS : [[mode, {}] as const];
    for (const [name, choice] of ways) {
      if (mode === "9p") {
        await remount(ssh, guestDir, { mode, readOnly: false, ...choice }, bench.options.signal);
      }
      for (const [what, argv] of WORK) {
        rows.push(
          await timeSeries(
            bench,
            `${what}, ${name}`,
            bench.options.runs,
            () => timeInGuest(ssh, guestDir, argv, bench.options.signal),
          ),
        );
      }
    }
  }
  return rows;
}

/** The connection that `arm-dev` has left open. */
async function openShared(
  { task, state }: Bench,
): Promise<{ ssh: SshConnection; guestDir: string }> {
  const { name } = JSON.parse((await task(["arm-dev-status", "--json"])).stdout);
  const text = await Deno.readTextFile(join(state, "dev", name, DEV_FILES.record));
  const record: Pick<DevRecord, "sshSocket" | "share"> = JSON.parse(text);
  return { ssh: joinSsh(name, sshConfigPath(record)), guestDir: record.share.guestDir };
}

async function remount(
  ssh: SshConnection,
  guestDir: string,
  choice: MountChoice,
  signal: AbortSignal,
): Promise<void> {
  const { type, source, options } = shareMount(choice);
  for (
    const argv of [
      ["umount", guestDir],
      ["mount", "-t", type, "-o", options.join(","), source, guestDir],
    ]
  ) {
    const { code } = await ssh.exec(devCommands.asRoot(argv), { signal });
    if (code !== 0) throw new GuestError(`Cannot time ${options}: ${argv[0]} ended with ${code}`);
  }
}

async function timeInGuest(
  ssh: SshConnection,
  cwd: string,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const started = performance.now();
  const { code, lastLines } = await execText(ssh, argv, { cwd, signal, maxChars: 64 * 2 ** 20 });
  const seconds = Math.round(performance.now() - started) / 1000;
  if (code === 0) return seconds;
  throw new WorkError(`Cannot time "${argv[0]}" in the guest: it ended with ${code}`, {
    details: lastLines(4),
  });
}
