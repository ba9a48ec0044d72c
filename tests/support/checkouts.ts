import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { root } from "../../lib/base/files/paths.ts";
import type { RunTaskOptions, Sandbox, TaskOutcome } from "./harness.ts";

/** A copy of this checkout's sources, with images of its own. */
export interface Checkout {
  readonly dir: string;
  /** Its finished images; the cache lies beside them. */
  readonly images: string;
  /** The variables under which tasks see these images. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a task of the copy. */
  task(name: string, args?: readonly string[], options?: RunTaskOptions): Promise<TaskOutcome>;
}

/** What a checkout makes, and what a copy does without. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...[".git", ".guesthouse", "artifacts", "images/cache", "images/dist", "logs", "node_modules"],
  ...["images/guest-agent/target", "images/tiny-init/target"],
]);

/** Copies this checkout's sources into a sandbox, under a name. */
export async function copyCheckout(box: Sandbox, name: string): Promise<Checkout> {
  const dir = join(box.dir, name);
  await copyDir("", dir);
  const images = join(dir, "images/dist");
  const env = { GUESTHOUSE_IMAGES: images };
  return {
    ...{ dir, images, env },
    task: (task, args, options = {}) =>
      box.task(task, args, { checkout: dir, ...options, env: { ...env, ...options.env } }),
  };
}

/** Copies a directory below the checkout; modes count as inputs of parts, so they are kept. */
async function copyDir(below: string, to: string): Promise<void> {
  const from = join(root, below);
  await Deno.mkdir(to, { recursive: true });
  await Deno.chmod(to, (await Deno.stat(from)).mode! & 0o7777);
  for await (const entry of Deno.readDir(from)) {
    const relative = join(below, entry.name);
    if (LEFT_OUT.has(relative)) continue;
    if (entry.isDirectory) await copyDir(relative, join(to, entry.name));
    else if (entry.isFile) await Deno.copyFile(join(from, entry.name), join(to, entry.name));
  }
}

/** Copies the files of these names from one directory to another, with its times. */
async function copyFiles(
  from: string,
  to: string,
  wanted: (name: string) => boolean,
): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (!isFile || !wanted(name)) continue;
    await Deno.copyFile(join(from, name), join(to, name));
    const { mtime } = await Deno.stat(join(from, name));
    await Deno.utime(join(to, name), mtime!, mtime!);
  }
}

/**
 * Copies Debian's packages for the raw variant's disk into another image cache. They are packed once,
 * in this checkout's own, which takes a minute.
 */
export async function copyPackages(box: Sandbox, cache: string): Promise<void> {
  const outcome = await box.task("build-qcow2", ["raw"], { timeoutMs: 900_000 });
  assertEquals(outcome.code, 0, outcome.stderr);
  const own = join(dirname(box.env.GUESTHOUSE_IMAGES!), "cache");
  await copyFiles(own, cache, (name) => name.startsWith(`rootfs-raw-${Deno.build.arch}-`));
}
