import { join } from "@std/path";
import { atomicWrite } from "../cache/atomic_write.ts";
import { WorkError } from "../cli/errors.ts";
import { projectFilter } from "../config/excludes.ts";
import { listTree, pullListed, pushTree } from "../guest/rsync.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { readTextIfPresent } from "./read_text.ts";
import { listGuest, listHost } from "./sync_list.ts";
import { nextBase, planSync, type SyncPlan, type SyncStates } from "./sync_plan.ts";

/** What {@link prepareSync} takes. */
export interface SyncOptions {
  readonly ssh: SshConnection;
  /** The project on the host: absolute. */
  readonly hostDir: string;
  /** The copy in the guest: `/NAME`. It exists. */
  readonly guestDir: string;
  /** Whether nothing may be copied to the host. */
  readonly readOnly: boolean;
  /** Folder of the host for what is remembered between syncs; it exists. */
  readonly stateDir: string;
  readonly signal?: AbortSignal;
}

/** A sync that is planned and not done. */
export interface PreparedSync {
  readonly plan: SyncPlan;
  /** Does what the plan says. Returns the folder that holds what it overwrote on the host, if any. */
  run(): Promise<string | undefined>;
}

/** File names in {@link SyncOptions.stateDir}. */
const FILES = { base: "sync.json", backups: "sync-backup" } as const;

/**
 * Looks at both sides and plans what a sync does. Without what the project ignores, but with its
 * repository. Throws {@link WorkError} and `GuestError` as the copies do.
 */
export async function prepareSync(options: SyncOptions): Promise<PreparedSync> {
  const { ssh, hostDir, guestDir, signal } = options;
  await using scratch = await makeScratch();
  const filterFile = join(scratch.dir, "filter");
  // Git on the host knows nothing of what only the guest has, so its ignore files are read.
  await Deno.writeTextFile(
    filterFile,
    `+ /.git/***\n${await projectFilter({ dir: hostDir, excludes: [] })}`,
  );
  const emptyDir = join(scratch.dir, "empty");
  await Deno.mkdir(emptyDir);
  const list = (side: "host" | "guest", dir: string) =>
    listTree({ connection: ssh, side, dir, filterFile, emptyDir, signal });
  const states: SyncStates = {
    base: await readBase(options),
    host: await listHost(hostDir, await list("host", hostDir)),
    guest: await listGuest(ssh, guestDir, await list("guest", guestDir), signal),
    readOnly: options.readOnly,
  };
  const plan = planSync(states);
  return { plan, run: () => runPlan(options, states, plan) };
}

async function runPlan(
  options: SyncOptions,
  states: SyncStates,
  plan: SyncPlan,
): Promise<string | undefined> {
  const { ssh, hostDir, guestDir, signal } = options;
  await using scratch = await makeScratch();
  const writeList = async (name: string, paths: readonly string[]) => {
    const path = join(scratch.dir, name);
    await Deno.writeTextFile(path, nulEnded(paths));
    return path;
  };
  const outgoing = [...plan.push, ...plan.restore];
  if (outgoing.length > 0) {
    const selection = { filesFrom: await writeList("push", outgoing) };
    await pushTree({ connection: ssh, sourceDir: hostDir, guestDir, selection, signal });
  }
  const backupDir = await pull(options, plan, await writeList("pull", plan.pull));
  if (plan.remove.length > 0) await removeInGuest(options, plan.remove);
  await writeBase(options, nextBase(states, plan));
  return backupDir;
}

async function pull(
  { ssh, hostDir, guestDir, stateDir, signal }: SyncOptions,
  plan: SyncPlan,
  filesFrom: string,
): Promise<string | undefined> {
  if (plan.pull.length === 0) return undefined;
  const stamp = new Date().toISOString().replaceAll(":", "");
  const backupDir = join(stateDir, FILES.backups, stamp);
  await pullListed({
    ...{ connection: ssh, guestDir, filesFrom, backupDir, signal },
    destDir: hostDir,
  });
  // rsync makes it for the first file that it replaces.
  return await Deno.stat(backupDir).then(() => backupDir, () => undefined);
}

async function removeInGuest(
  { ssh, guestDir, signal }: SyncOptions,
  paths: readonly string[],
): Promise<void> {
  const { code } = await ssh.exec(["xargs", "-0", "rm", "-f", "--"], {
    cwd: guestDir,
    stdin: nulEnded(paths),
    signal,
  });
  if (code === 0) return;
  throw new WorkError(`Cannot remove files below "${guestDir}" in guest "${ssh.name}"`, {
    details: [`rm ended with ${code}`],
  });
}

const nulEnded = (paths: readonly string[]) => paths.map((path) => `${path}\0`).join("");

/**
 * What both sides had, if it is of these two folders. A file that cannot be read counts as none:
 * all that differs is then a conflict, which loses nothing.
 */
async function readBase({ stateDir, hostDir, guestDir }: SyncOptions) {
  const text = await readTextIfPresent(join(stateDir, FILES.base));
  try {
    const { host, guest, marks } = JSON.parse(text ?? "{}");
    if (host !== hostDir || guest !== guestDir) return new Map<string, string>();
    return new Map<string, string>(marks);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return new Map();
    throw error;
  }
}

async function writeBase(
  { stateDir, hostDir, guestDir }: SyncOptions,
  marks: ReadonlyMap<string, string>,
): Promise<void> {
  const base = { host: hostDir, guest: guestDir, marks: [...marks] };
  await atomicWrite(join(stateDir, FILES.base), `${JSON.stringify(base)}\n`);
}

async function makeScratch() {
  const dir = await Deno.makeTempDir({ prefix: "guesthouse-sync-" });
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}
