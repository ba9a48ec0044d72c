/** Directories, records and processes that stand in for what real tasks leave on disk. */
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { cacheDir, type CacheRecord } from "../../lib/ci/cache_disk.ts";
import { buildShape } from "../../lib/vm/build_machine.ts";
import { snapshotRecipe } from "../../lib/vm/snapshot_recipe.ts";
import { keyOf, type Recipe, recipeKey } from "../../lib/store/recipe.ts";
import { loadPlatform } from "../../lib/config/platform.ts";
import { createRun, type RunRecord, writeRecord } from "../../lib/guest/runs.ts";
import { commitSnapshot, snapshotDir } from "../../lib/vm/snapshots.ts";
import { exists } from "../../lib/base/files/directories.ts";
import { ensureKeys } from "../../lib/host/keys.ts";
import {
  IMAGE_FILES,
  platformsDir,
  RUN_FILES,
  runsDir,
  SNAPSHOT_FILES,
  snapshotsDir,
} from "../../lib/base/files/paths.ts";
import { processStartTime } from "../../lib/base/process/start_time.ts";
import { currentVersion, imageHome } from "../../lib/image/platform/current.ts";
import { writeImageFiles } from "../../lib/image/platform/image_testing.ts";
import { publishVersion } from "../../lib/image/platform/publish_version.ts";
import { pinMachine, qemuProgram } from "../../lib/qemu/program.ts";
import { makeSandbox, type RunTaskOptions, type Sandbox } from "./harness.ts";
import { documentOf } from "./outcome.ts";

/** The platform that the things belong to. */
export const NAME = "debian-amd64";
/** It, as it is configured. */
export const platform = await loadPlatform(platformsDir, NAME);

/** A sandbox in which this process sees the same directories as the tasks. */
export async function storage(): Promise<Sandbox> {
  const stack = new AsyncDisposableStack();
  const box = stack.use(await makeSandbox());
  const env = {
    ...box.env,
    GUESTHOUSE_IMAGES: join(box.dir, "images/dist"),
    GUESTHOUSE_SNAPSHOTS: join(box.dir, "snapshots"),
    // gc looks there for what other tasks have left.
    TMPDIR: join(box.dir, "tmp"),
  };
  await Deno.mkdir(env.TMPDIR);
  for (const [name, value] of Object.entries(env)) {
    const before = Deno.env.get(name);
    stack.defer(() => before === undefined ? Deno.env.delete(name) : Deno.env.set(name, before));
    Deno.env.set(name, value);
  }
  return {
    ...box,
    env,
    task: (name: string, args?: readonly string[], options: RunTaskOptions = {}) =>
      box.task(name, args, { timeoutMs: 60_000, ...options, env: { ...env, ...options.env } }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What `gc --json` prints. */
export interface GcDocument {
  readonly ok: boolean;
  readonly dryRun: boolean;
  readonly removed: { kind: string; path: string; bytes: number; why: string }[];
  readonly kept: { kind: string; path: string; bytes: number }[];
  readonly bytesFreed: number;
  readonly bytesKept: number;
}

/** Runs gc twice: with --dry-run, which must tell what the second then does. */
export async function gc(box: Sandbox, ...args: string[]): Promise<GcDocument> {
  const plan = await box.task("gc", ["--json", "--dry-run", ...args]);
  assertEquals(plan.code, 0, plan.stderr);
  const planned = ownOf(box, documentOf<GcDocument>(plan));
  assertEquals([planned.ok, planned.dryRun], [true, true]);
  for (const { path } of [...planned.removed, ...planned.kept]) {
    assert(await exists(path), `--dry-run removed ${path}`);
  }
  const outcome = await box.task("gc", ["--json", ...args]);
  assertEquals([outcome.code, outcome.stderr], [0, ""]);
  const all = documentOf<GcDocument>(outcome);
  const done = ownOf(box, all);
  const told = ({ removed, kept }: GcDocument) => [
    removed.map(({ path, why }) => [path, why]),
    kept.map(({ path }) => path).sort(),
  ];
  assertEquals(told(done), told(planned));
  assertEquals(all.bytesFreed, all.removed.reduce((sum, { bytes }) => sum + bytes, 0));
  assertEquals(all.bytesKept, all.kept.reduce((sum, { bytes }) => sum + bytes, 0));
  for (const { path } of done.removed) assert(!await exists(path), `${path} is still there`);
  for (const { path } of done.kept) assert(await exists(path), `${path} is gone`);
  return done;
}

/** Without the temporary directories that other tests' tasks have left in `/tmp`. */
const ownOf = ({ dir }: Sandbox, { removed, kept, ...rest }: GcDocument): GcDocument => ({
  ...rest,
  removed: removed.filter(({ path }) => path.startsWith(`${dir}/`)),
  kept: kept.filter(({ path }) => path.startsWith(`${dir}/`)),
});

/** What went, as `KIND NAME` with the reason. */
export const gone = ({ removed }: GcDocument): Record<string, string> =>
  Object.fromEntries(removed.map(({ kind, path, why }) => [`${kind} ${path}`, why]));

/** A process that stands for QEMU. */
export async function startSleep() {
  const child = new Deno.Command("sleep", { args: ["120"] }).spawn();
  return {
    pid: child.pid,
    status: child.status,
    startTime: await processStartTime(child.pid) ?? "",
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has been ended, as some tests want.
      }
      await child.status;
    },
  };
}

/** Another process that holds a lock, shared as users do or for itself. */
export async function hold(path: string, mode: "shared" | "exclusive"): Promise<AsyncDisposable> {
  await Deno.mkdir(join(path, ".."), { recursive: true });
  const child = new Deno.Command("flock", {
    args: [mode === "shared" ? "-s" : "-x", path, "sh", "-c", "echo held; cat"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  return {
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await child.status;
    },
  };
}

/** A run whose task is gone, with a record if there are facts. */
export async function leaveRun(facts?: Partial<RunRecord>): Promise<string> {
  const run = await createRun(NAME);
  await Deno.writeTextFile(join(run.dir, RUN_FILES.overlay), "x".repeat(100_000));
  if (facts !== undefined) {
    await writeRecord({
      ...{ id: run.id, platform: NAME, pid: 4_194_305, startTime: "1", sshPort: 2222 },
      ...{ user: "ci", imageDir: "/nowhere", accelerator: "tcg", memoryMiB: 1024, cores: 1 },
      ...{ kept: false, started: "2026-11-01T10:00:00.000Z", console: "/console.log" },
      ...facts,
    });
  }
  run.leave();
  await run[Symbol.asyncDispose]();
  return run.id;
}

/** The directory of a run. */
export const runPath = (id: string) => join(runsDir(), id);

/** A recipe whose one input is a text. */
export async function recipeOf(text: string): Promise<Recipe> {
  return await recipeKey([{ name: "stand-in", value: text }]);
}

/** Makes a version of an image the current one, as far as gc looks. */
export async function placeVersion(
  name: string,
  recipe: Recipe,
  disk = "x".repeat(200_000),
): Promise<string> {
  const home = imageHome(name);
  const staging = join(home, "version-test");
  await writeImageFiles(staging);
  await Deno.writeTextFile(join(staging, IMAGE_FILES.disk), disk);
  return await publishVersion(home, staging, { name, recipe, kernelVersion: "6.1" });
}

/** The recipe of a snapshot that a guest would start from now. */
export async function presentRecipe(memoryMiB = 1024): Promise<Recipe> {
  const qemu = await qemuProgram("qemu-system-x86_64");
  const image = (await currentVersion(NAME))?.version;
  assert(image !== undefined);
  return await snapshotRecipe(
    buildShape({ platform, image, memoryMiB, cores: 1 }, {
      ...{ qemu, machine: pinMachine(platform.machine, qemu) },
      ...{ accelerator: "tcg", keys: await ensureKeys() },
    }),
  );
}

/** The same recipe with another digest for one input. */
export async function changed({ inputs }: Recipe, name: string): Promise<Recipe> {
  assert(inputs.some((input) => input.name === name), `no input ${name}`);
  const digest = createHash("sha256").update(`another ${name}`).digest("hex");
  const other = inputs.map((input) => input.name === name ? { ...input, digest } : input);
  return { key: await keyOf(other), inputs: other };
}

/** Saves a snapshot that was last used so many hours ago. */
export async function placeSnapshot(
  recipe: Recipe,
  { memoryMiB = 1024, hours = 1, imageDir, name = NAME, bytes = 100_000 }: {
    readonly memoryMiB?: number;
    readonly hours?: number;
    readonly imageDir?: string;
    readonly name?: string;
    readonly bytes?: number;
  } = {},
): Promise<string> {
  const staging = join(snapshotsDir(), name, `.staging-${crypto.randomUUID()}`);
  await Deno.mkdir(staging, { recursive: true });
  for (const file of [SNAPSHOT_FILES.memory, SNAPSHOT_FILES.state, SNAPSHOT_FILES.disk]) {
    await Deno.writeTextFile(join(staging, file), "x".repeat(bytes));
  }
  await commitSnapshot(staging, recipe, {
    ...{ platform: name, memoryMiB, cores: 1 },
    imageDir: imageDir ?? (await currentVersion(NAME))?.dir ?? "/nowhere",
  });
  const dir = snapshotDir(name, recipe.key);
  await age(join(dir, SNAPSHOT_FILES.used), hours);
  return dir;
}

/** Makes a file look as if it had been changed so many hours ago. */
export async function age(path: string, hours: number): Promise<void> {
  const then = new Date(Date.now() - hours * 3600_000);
  await Deno.utime(path, then, then);
}

/** A build cache of a project, which is made too. */
export async function placeCache(
  project: string,
  facts: Partial<CacheRecord> = {},
  { name = NAME, hours = 1 } = {},
): Promise<string> {
  const dir = cacheDir(name, project);
  await Deno.mkdir(dir, { recursive: true });
  await Deno.mkdir(project, { recursive: true });
  await Deno.writeTextFile(join(dir, "disk.raw"), "x".repeat(300_000));
  await Deno.writeTextFile(join(dir, "lock"), "pid 1 (build of mine)\n");
  const image = (await currentVersion(NAME))?.version?.digest ?? "none";
  const record = { project, platform: name, image, inUse: false, ...facts };
  await Deno.writeTextFile(join(dir, "cache.json"), JSON.stringify(record));
  await age(join(dir, "cache.json"), hours);
  return dir;
}

/** A recipe that differs by the guest's size alone, which gc does not hold against a snapshot. */
export async function changedBy(recipe: Recipe, text: string): Promise<Recipe> {
  const digest = createHash("sha256").update(text).digest("hex");
  const inputs = recipe.inputs.map((input) =>
    input.name === "memory" ? { ...input, digest } : input
  );
  return { key: await keyOf(inputs), inputs };
}
