import { join } from "@std/path";
import { z } from "zod";
import { atomicWrite } from "../../base/files/atomic_write.ts";
import { parseJson } from "../../base/files/read_json.ts";
import { UsageError, WorkError } from "../../base/errors.ts";
import { projectFilter } from "../../project/excludes.ts";
import { shellQuote } from "../../guest/quote.ts";
import { makeScratch } from "../../base/process/scratch.ts";
import { listTree, nulEnded, pullListed, pushTree } from "../../guest/rsync.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import { firstRsyncWarning } from "../../host/tools/rsync_risk.ts";
import { isPathAbsent, readTextIfPresent } from "../../base/files/read_text.ts";
import { haveFilesInGuest, listGuest, listHost } from "./sync_list.ts";
import { nextBase, planSync, type SyncPlan, type SyncStates } from "./sync_plan.ts";

/** What {@link prepareSync} takes. */
export interface SyncOptions {
  readonly ssh: SshConnection;
  /** The project on the host: absolute, without symbolic links. */
  readonly hostDir: string;
  /** The copy in the guest: `/NAME`. It exists. */
  readonly guestDir: string;
  /** Whether nothing may be copied to the host. */
  readonly readOnly: boolean;
  /** Directory of the host for what is remembered between syncs; it exists. */
  readonly stateDir: string;
  /** Told what the user should know before a guest is copied from. */
  readonly onWarning?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** A sync that is planned and not done. */
export interface PreparedSync {
  readonly plan: SyncPlan;
  /** Does what the plan says. Returns the directory that holds what it overwrote on the host, if any. */
  run(): Promise<string | undefined>;
}

/** File names in {@link SyncOptions.stateDir}. */
const FILES = { base: "sync.json", backups: "sync-backup" } as const;

/**
 * Looks at both sides and plans what a sync does. Without what the project ignores, but with its
 * repository. Throws {@link UsageError} if the copy is of another project, whose files would come
 * to this one, and {@link WorkError} and `GuestError` as the copies do.
 */
export async function prepareSync(options: SyncOptions): Promise<PreparedSync> {
  const { ssh, hostDir, guestDir, onWarning, signal } = options;
  const warning = onWarning && await firstRsyncWarning(signal);
  if (warning !== undefined) onWarning?.(warning);
  const known = await readBase(options);
  const isOurs = known?.host === hostDir;
  if (known !== undefined && !isOurs && await haveFilesInGuest(ssh, guestDir, signal)) {
    throw await otherProject(options, known.host);
  }
  await using scratch = await makeScratch("sync");
  const filterFile = join(scratch.path, "filter");
  // Git on the host knows nothing of what only the guest has, so its ignore files are read.
  await Deno.writeTextFile(
    filterFile,
    `+ /.git/***\n${await projectFilter({ dir: hostDir, excludes: [] })}`,
  );
  const emptyDir = join(scratch.path, "empty");
  await Deno.mkdir(emptyDir);
  const list = (side: "host" | "guest", dir: string) =>
    listTree({ connection: ssh, side, dir, filterFile, emptyDir, signal });
  const states: SyncStates = {
    base: isOurs ? known.marks : new Map(),
    host: await listHost(hostDir, await list("host", hostDir)),
    guest: await listGuest(ssh, guestDir, await list("guest", guestDir), signal),
    readOnly: options.readOnly,
  };
  const plan = planSync(states);
  return {
    plan,
    run: async () => {
      // Half a copy is this project's, too, should the sync not come to its end.
      if (!isOurs) await writeBase(options, states.base);
      return await runPlan(options, states, plan);
    },
  };
}

async function runPlan(
  options: SyncOptions,
  states: SyncStates,
  plan: SyncPlan,
): Promise<string | undefined> {
  const { ssh, hostDir, guestDir, signal } = options;
  const outgoing = [...plan.push, ...plan.restore];
  if (outgoing.length > 0) {
    await using scratch = await makeScratch("sync");
    const filesFrom = join(scratch.path, "push");
    await Deno.writeTextFile(filesFrom, nulEnded(outgoing));
    const selection = { filesFrom };
    await pushTree({ connection: ssh, sourceDir: hostDir, guestDir, selection, signal });
  }
  const backupDir = await pull(options, plan);
  if (plan.remove.length > 0) await removeInGuest(options, plan.remove);
  const pulled = await listHost(hostDir, plan.pull);
  await writeBase(options, nextBase(states, plan, pulled));
  return backupDir;
}

async function pull(
  { ssh, hostDir, guestDir, stateDir, signal }: SyncOptions,
  plan: SyncPlan,
): Promise<string | undefined> {
  if (plan.pull.length === 0) return undefined;
  const stamp = new Date().toISOString().replaceAll(":", "");
  const backupDir = join(stateDir, FILES.backups, stamp);
  await pullListed({
    ...{ connection: ssh, guestDir, backupDir, signal },
    paths: plan.pull,
    destDir: hostDir,
    stagingHome: stateDir,
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

/** Names the project that the guest's copy is of, and the ways on. */
async function otherProject(
  { hostDir, guestDir, stateDir }: SyncOptions,
  other: string,
): Promise<UsageError> {
  const start = (dir: string) => shellQuote(["deno", "task", "arm-dev", "--project", dir]);
  const forget = shellQuote(["rm", join(stateDir, FILES.base)]);
  const move = shellQuote(["sudo", "mv", guestDir, `${guestDir}.old`]);
  const isGone = await Deno.stat(other).then(() => false, isPathAbsent);
  return new UsageError(
    `Cannot sync: the guest's copy "${guestDir}" is of another project: "${other}"`,
    {
      details: [
        `this project: "${hostDir}"; nothing was copied`,
        `if both are one project, moved or renamed: ${forget}`,
        "  what only the guest has is then copied to this project",
        ...(isGone
          ? [
            `the other one's directory is gone; to save its work in an empty directory DIR: ${forget}`,
            `  then start the guest with it: ${start("DIR")} --share rsync`,
          ]
          : [`to bring the other one's work home: ${start(other)} --share rsync`]),
        `after that, to make room for this one: deno task arm-dev-ssh --plain -- ${move}`,
        "  then deno task arm-dev-shutdown --force-after 60, and start it with this project again",
      ],
      next: isGone
        ? `if both are one project: ${forget}; if not, as above`
        : `${start(other)} --share rsync`,
    },
  );
}

/**
 * What both sides had, and whose copy it is; `undefined` if nothing is known of this directory of
 * the guest. A file that cannot be read counts as none: what differs is then a conflict, which
 * loses nothing.
 */
async function readBase({ stateDir, guestDir }: SyncOptions) {
  const text = await readTextIfPresent(join(stateDir, FILES.base));
  const base = parseJson(text ?? "", baseSchema);
  return base?.guest === guestDir ? { host: base.host, marks: new Map(base.marks) } : undefined;
}

const baseSchema = z.object({
  host: z.string(),
  guest: z.string(),
  marks: z.array(z.tuple([z.string(), z.string()])),
});

async function writeBase(
  { stateDir, hostDir, guestDir }: SyncOptions,
  marks: ReadonlyMap<string, string>,
): Promise<void> {
  const base = { host: hostDir, guest: guestDir, marks: [...marks] };
  await atomicWrite(join(stateDir, FILES.base), `${JSON.stringify(base)}\n`);
}
