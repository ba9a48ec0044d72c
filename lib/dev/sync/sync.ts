import { join } from "@std/path";
import { z } from "zod";
import { atomicWrite } from "../../base/files/atomic_write.ts";
import { parseJson } from "../../base/files/read_json.ts";
import { UsageError } from "../../base/errors.ts";
import { askGit } from "../../project/git_project.ts";
import { loadProject } from "../../project/project.ts";
import { projectFiles } from "../../project/project_files.ts";
import { type BytePath, fileList, fromText, toBytes, toText } from "../../project/path_bytes.ts";
import { shellQuote } from "../../guest/quote.ts";
import { makeScratch } from "../../base/process/scratch.ts";
import { removeInGuest } from "../../guest/guest_tree.ts";
import { pullListed, pushTree } from "../../guest/rsync.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import { firstRsyncWarning } from "../../host/tools/rsync_risk.ts";
import { isPathAbsent, readTextIfPresent } from "../../base/files/read_text.ts";
import { haveFilesInGuest, listGuest, listHost, listHostFiles } from "./sync_list.ts";
import { isBelowFile, nextBase, planSync, type SyncPlan, type SyncStates } from "./sync_plan.ts";

export interface SyncOptions {
  readonly ssh: SshConnection;
  /** The project on the host: absolute, without symbolic links. */
  readonly hostDir: string;
  /** The copy in the guest: `/NAME`. It exists. */
  readonly guestDir: string;
  /** Whether nothing may be copied to the host. */
  readonly readOnly: boolean;
  /** Directory of the host for the state between syncs; it exists. */
  readonly stateDir: string;
  /** Called with notes for the user before files are copied from a guest. */
  readonly onWarning?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface PreparedSync {
  readonly plan: SyncPlan;
  /** Carries out the plan. Returns the directory with files that were overwritten on the host, if any. */
  run(): Promise<string | undefined>;
}

/** File names in {@link SyncOptions.stateDir}. */
const FILES = { base: "sync.json", backups: "sync-backup" } as const;

/**
 * Compares both sides and plans a sync of the files that a build would get, and the repository.
 * Throws {@link UsageError} if the copy is of another project, whose files would be copied to this
 * one, or its `guesthouse.json` is at fault, and {@link WorkError} and `GuestError` like the copies.
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
  const { excludes } = await loadProject(hostDir);
  const { paths, takes, future } = await projectFiles({
    ...{ dir: hostDir, excludes, withRepository: true, signal },
    ...onWarning && { onWarning },
    git: await askGit(hostDir, { signal, onWarning }),
  });
  const host = await listHostFiles(hostDir, paths);
  const guest = await listGuest(ssh, guestDir, takes, signal);
  for (const [where, { garbled }] of [["on the host", host], ["in the guest", guest]] as const) {
    if (garbled.length > 0) onWarning?.(leftOut(where, garbled));
  }
  // Their times tell both sides apart, so they are not changed in the copy.
  if (future.length > 0) onWarning?.(laterThanNow(hostDir, future.map(toText)));
  const states: SyncStates = {
    base: isOurs ? known.marks : new Map(),
    ...{ host: host.marks, guest: guest.marks, readOnly: options.readOnly },
  };
  const plan = planSync(states);
  return {
    plan,
    run: async () => {
      // A partial copy belongs to this project too, if the sync is interrupted.
      if (!isOurs) await writeBase(options, states.base);
      return await runPlan(options, states, plan, paths.filter((path) => path.endsWith("/")));
    },
  };
}

function laterThanNow(dir: string, [first, ...others]: readonly string[]): string {
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  const touch = shellQuote(["find", dir, "-newermt", "now", "-exec", "touch", "{}", "+"]);
  return `A time in the future, with which Ninja configures again and again: ` +
    `${JSON.stringify(first)}${more}. Run: ${touch}`;
}

function leftOut(where: string, names: readonly string[]): string {
  const [first, ...others] = names.map((name) => JSON.stringify(name));
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return `Not copied, as its name is not UTF-8: ${first}${more} ${where}`;
}

async function runPlan(
  options: SyncOptions,
  states: SyncStates,
  plan: SyncPlan,
  dirs: readonly BytePath[],
): Promise<string | undefined> {
  const { ssh, hostDir, guestDir, signal } = options;
  const outgoing = [...plan.push, ...plan.restore].map(fromText);
  if (outgoing.length > 0) {
    await using scratch = await makeScratch("sync");
    const filesFrom = join(scratch.path, "push");
    // With those that hold nothing: without its `refs/`, git knows no repository.
    const free = dirs.filter((dir) => !isBelowFile(states.guest, toText(dir)));
    await Deno.writeFile(filesFrom, toBytes(fileList([...free, ...outgoing])));
    const selection = { filesFrom };
    await pushTree({ connection: ssh, sourceDir: hostDir, guestDir, selection, signal });
  }
  const backupDir = await pull(options, plan);
  await removeInGuest(ssh, guestDir, plan.remove.map(fromText), signal);
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
  // rsync creates it for the first file that it replaces.
  return await Deno.stat(backupDir).then(() => backupDir, () => undefined);
}

/** Names the project of the guest's copy, and the options to continue. */
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
 * What both sides had, and whose copy it is. An unreadable file is missing: then all is conflicts.
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
