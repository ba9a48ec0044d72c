// Builds image parts with the real programs, and stops them at each step. Where a step would begin
// after minutes, stand-ins are in the place of what is slow, and the real ones build what is not
// stopped.
import { delay } from "@std/async";
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { fileNames } from "../lib/base/files/directories.ts";
import { imageCacheDir, imagesDir } from "../lib/base/files/paths.ts";
import { partFiles, type PartRequest } from "../lib/image/parts/part_names.ts";
import { copyPackages } from "./support/checkouts.ts";
import { makeSandbox, type Sandbox, taskPid } from "./support/harness.ts";
import { documentOf } from "./support/outcome.ts";
import { slowKernelPackage, slowKernelSources } from "./support/slow_programs.ts";
import { placePart, programFor, seeImages } from "./support/stand_ins.ts";

const ARCH = Deno.build.arch;
const BUILD_MS = 900_000;
/** A platform whose kernel is for this host. */
const PLATFORM = ARCH === "x86_64" ? "debian-amd64" : "debian-arm64";

/** A part whose build is stopped at each of its phases. */
interface Build {
  readonly task: string;
  readonly args?: readonly string[];
  readonly part: PartRequest["name"];
  readonly phases: readonly string[];
  /** Makes what the build begins with; called before each phase. */
  readonly prepare?: (box: Sandbox, phase: string) => Promise<void>;
  /** Variables with stand-ins for what is slow; the build that is not stopped has the real ones. */
  readonly standIns?: (box: Sandbox) => Promise<Record<string, string>>;
  /** The part is not built to its end, which would take minutes. Default false. */
  readonly isLong?: boolean;
}

const imagesOf = (box: Sandbox) => join(box.dir, "images/dist");

/** Names of the directories in which parts are being built, or were when they were stopped. */
async function unfinished(box: Sandbox): Promise<string[]> {
  const cache = join(box.dir, "images/cache");
  const entries = await Array.fromAsync(Deno.readDir(cache)).catch(() => []);
  return entries.map(({ name }) => name).filter((name) => name.startsWith("part-"));
}

const BUILDS: readonly Build[] = [
  { task: "build-tiny-init", part: "tiny-init", phases: ["compile"] },
  {
    task: "extract-kernel",
    part: "kernel",
    phases: ["package", "extract"],
    standIns: (box) => slowKernelPackage(box.dir, join(imagesDir(), `${PLATFORM}/current/vmlinuz`)),
  },
  {
    task: "build-initramfs",
    part: "initramfs",
    phases: ["pack"],
    async prepare(box) {
      using _ = seeImages(imagesOf(box));
      // What does not pack takes long enough to be met at it.
      await placePart({ name: "tiny-init", arch: ARCH }, () => programFor(ARCH, 12 * 2 ** 20));
      await placePart({ name: "kernel", arch: ARCH }, () => new Uint8Array(512));
    },
  },
  {
    task: "build-qcow2",
    args: ["raw"],
    part: "raw",
    phases: ["packages", "unpack", "disk"],
    async prepare(box, phase) {
      using _ = seeImages(imagesOf(box));
      await placePart({ name: "guest-agent", arch: ARCH }, () => programFor(ARCH, 2 ** 20));
      if (phase === "packages") return;
      await copyPackages(box, imageCacheDir());
    },
  },
  {
    task: "build-kernel",
    part: "micro-kernel",
    phases: ["sources", "unpack", "configure", "compile"],
    standIns: (box) => slowKernelSources(box.dir),
    isLong: true,
  },
];

for (const { task, args = [], part, phases, prepare, standIns, isLong = false } of BUILDS) {
  Deno.test(`${task} can be run again after it was stopped at each step`, async () => {
    await using box = await makeSandbox();
    const env = { GUESTHOUSE_IMAGES: imagesOf(box) };
    const slow = { ...env, ...await standIns?.(box) };
    const outputs = partFiles({ name: part, arch: ARCH });
    const finished = async () =>
      (await fileNames(imagesOf(box))).filter((name) =>
        outputs.some((output) => name.startsWith(output))
      );
    for (const phase of phases) {
      for (const signal of ["SIGINT", "SIGKILL"] as const) {
        await prepare?.(box, phase);
        const before = await unfinished(box);
        const run = box.start(task, args, { env: slow, timeoutMs: BUILD_MS });
        await run.waitFor(new RegExp(`^${part} ${ARCH}: ${phase}$`, "m"));
        // The next build of a part removes what was left of it.
        const now = await unfinished(box);
        assertEquals(before.filter((name) => now.includes(name)), [], `${phase} ${signal}`);
        await delay(300);
        Deno.kill(await taskPid(run.pid), signal);
        const outcome = await run.outcome;
        if (signal === "SIGINT") {
          assertEquals(outcome.code, 130, outcome.stderr);
          assertEquals(await unfinished(box), [], phase);
        }
        await box.assertClean();
        assertEquals(await finished(), [], `${phase} ${signal}`);
      }
    }
    const left = await unfinished(box);
    assert(left.length > 0, "the last one was killed");
    const gc = await box.task("gc", ["--json"], { env });
    assertEquals(gc.code, 0, gc.stderr);
    const removed: { kind: string; path: string }[] = documentOf(gc).removed;
    const parts = removed.filter(({ kind }) => kind === "unfinished part").map(({ path }) => path);
    assertEquals(parts.sort(), left.map((name) => join(box.dir, "images/cache", name)).sort());
    assertEquals(await unfinished(box), []);
    if (isLong) return;
    const outcome = await box.task(task, [...args, "--json"], { env, timeoutMs: BUILD_MS });
    assertEquals(outcome.code, 0, outcome.stderr);
    const rows: { name: string; built: boolean }[] = documentOf(outcome).parts;
    assertEquals(rows.filter(({ name }) => name === part).map(({ built }) => built), [true]);
    assertEquals(await unfinished(box), []);
    await box.assertClean();
  });
}
