import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { makeSandbox, type Sandbox } from "./harness.ts";
import { copyTree, madeOnce } from "./made_once.ts";
import { assertNoBug } from "./outcome.ts";

/** What the tests of warm starts boot. */
export const AMD64 = "debian-amd64";
/** The smallest guests in which a build still runs: their snapshots are quickly saved. */
export const SMALL = ["--memory", "512"];

/** A sandbox whose snapshots are its own. */
export interface SnapshotBox extends Sandbox {
  readonly snapshots: string;
}

/** Makes a {@link SnapshotBox} without snapshots. */
export async function ownSnapshots(): Promise<SnapshotBox> {
  const box = await makeSandbox();
  const snapshots = join(box.dir, "snapshots");
  const env = { GUESTHOUSE_SNAPSHOTS: snapshots };
  return {
    ...box,
    snapshots,
    env: { ...box.env, ...env },
    task: (name, args, options) =>
      box.task(name, args, { ...options, env: { ...env, ...options?.env } }),
    start: (name, args, options) =>
      box.start(name, args, { ...options, env: { ...env, ...options?.env } }),
    [Symbol.asyncDispose]: () => box[Symbol.asyncDispose](),
  };
}

/**
 * Puts the snapshot of a {@link SMALL} guest into the sandbox: saved once, and copied for each test
 * that is not about how it comes to be.
 */
export async function placeSnapshot(box: SnapshotBox): Promise<void> {
  const saved = await madeOnce("snapshots", async (dir) => {
    await using other = await ownSnapshots();
    await inGuest(other, "true");
    await copyTree(other.snapshots, dir);
  });
  await copyTree(saved, box.snapshots);
}

/** Runs a shell text in a guest of its own; returns what it printed. */
export async function inGuest(
  box: Sandbox,
  text: string,
  args: readonly string[] = SMALL,
  platform = AMD64,
): Promise<{ stdout: string; stderr: string; log: string }> {
  const outcome = await box.task("vm-run", [platform, ...args, "--", "sh", "-c", text]);
  assertEquals(outcome.code, 0, outcome.stderr);
  assertNoBug(outcome);
  const log = await Deno.readTextFile(join(box.dir, `logs/vm-run-${platform}.log`));
  return { ...outcome, log };
}

/** The directories of a platform's snapshots. */
export async function snapshotDirs(box: { readonly snapshots: string }): Promise<string[]> {
  const home = join(box.snapshots, AMD64);
  const entries = await Array.fromAsync(Deno.readDir(home)).catch(() => []);
  return entries.filter((entry) => entry.isDirectory).map(({ name }) => join(home, name)).sort();
}
