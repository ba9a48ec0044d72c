import { join } from "@std/path";
import { HostError } from "../../../base/errors.ts";
import { type RecipeInput, recipeKey } from "../../../store/recipe.ts";
import type { BuildOptions } from "../../../store/ensure_built.ts";
import { type Entry, removeEntry } from "../../../store/entry.ts";
import { keepFile, keptState, voucherPath } from "../../../store/vouched.ts";
import { fileNames } from "../../../base/files/directories.ts";
import { acquireLock } from "../../../base/files/lock.ts";
import { imageCacheDir } from "../../../base/files/paths.ts";
import { ensureBinfmt } from "./binfmt.ts";
import { buildRootfs, type ConfigureWhen, type RootfsRecipe } from "./rootfs.ts";

/** Debian's packages as one file in the image cache, from which later stages are made. */
export interface RootfsTar extends AsyncDisposable {
  readonly path: string;
  readonly configure: ConfigureWhen;
}

interface RootfsTarOptions {
  /** What it is for, e.g. `debian-amd64`, `raw-aarch64`. */
  readonly name: string;
  readonly recipe: RootfsRecipe;
  /** All that decides what is in it. */
  readonly inputs: readonly RecipeInput[];
  /** Whether packages may be configured at the first boot. Default `false`: an error then. */
  readonly mayWait?: boolean;
  /** Build it even if it is there. */
  readonly force?: boolean | undefined;
}

/** Held by every task that builds, uses or removes the tar file of that name. */
export const rootfsLock = (name: string): string => join(imageCacheDir(), `rootfs-${name}.lock`);

/** With `-now`, one that an earlier version has made: nobody uses it, so it is only swept. */
const NAME =
  /^(?<part>\.part-)?rootfs-(?<name>.+)-(?<key>[0-9a-f]{16})(?:-now|-first-boot)?\.tar\.zst$/;

/** A tar file as an entry of the store. */
interface StoredTar extends Entry {
  /** Of the image, or of the variant with its architecture. */
  readonly name: string;
  /** See {@link rootfsKey}. */
  readonly key: string;
  /** Whether a task is writing it. */
  readonly isPart: boolean;
}

/** All of them. */
export async function storedTars(): Promise<StoredTar[]> {
  return (await fileNames(imageCacheDir())).flatMap((what) => {
    const { name, key, part } = NAME.exec(what)?.groups ?? {};
    if (name === undefined || key === undefined) return [];
    const path = join(imageCacheDir(), what);
    return [{
      ...{ kind: "rootfs", path, what, locks: [rootfsLock(name)], voucher: voucherPath(path) },
      ...{ name, key, isPart: part !== undefined },
    }];
  });
}

/** The part of a recipe's key that is in the name of its tar file. */
export async function rootfsKey(inputs: readonly RecipeInput[]): Promise<string> {
  return (await recipeKey(inputs)).key.slice(0, 16);
}

/**
 * Installs Debian's packages, the slow stage of each image. The tar file is kept until its recipe
 * changes, checked on use, and locked while held. Safe to run twice at once and to interrupt.
 * Throws {@link HostError} if the packages cannot be configured.
 */
export async function ensureRootfsTar(
  { name, recipe, inputs, mayWait = false, force = false }: RootfsTarOptions,
  { signal, onPhase, log, warn }: BuildOptions,
): Promise<RootfsTar> {
  const cache = imageCacheDir();
  const key = await rootfsKey(inputs);
  await using stack = new AsyncDisposableStack();
  stack.use(
    await acquireLock(rootfsLock(name), {
      signal,
      purpose: `installing the packages of ${name}`,
      onWait: (holder) => onPhase(`waiting for ${holder || "another build"}`),
    }),
  );
  const held = (path: string, configure: ConfigureWhen): RootfsTar => {
    const cleanup = stack.move();
    return { path, configure, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
  };
  const fileFor = (configure: ConfigureWhen) =>
    `rootfs-${name}-${key}${configure === "now" ? "" : "-first-boot"}.tar.zst`;
  for (const configure of ["now", "first-boot"] as const) {
    const path = join(cache, fileFor(configure));
    if (force) continue;
    // Read whole, since what is made of a damaged one fails much later, with words of tar's.
    const state = await keptState(path);
    if (state === "whole") return held(path, configure);
    if (state === "damaged") log(`installing the packages again: ${path} is damaged`);
  }
  // With the lock held, a part file is that of a killed build.
  await removeTars(name, ({ isPart }) => isPart);
  const { arch } = recipe;
  await using binfmt = await ensureBinfmt(arch);
  log(`programs of ${arch} run here: ${binfmt.kind} (${binfmt.reason})`);
  if (binfmt.kind === "none" && !mayWait) {
    throw new HostError(`Cannot install packages for ${arch}: ${binfmt.reason}`, {
      next: `run it as root, or build for ${Deno.build.arch} only`,
    });
  }
  const configure = binfmt.kind === "none" ? "first-boot" : "now";
  onPhase("packages");
  const output = join(cache, fileFor(configure));
  // mmdebstrap chooses the compression by the name, so the part file ends alike.
  const part = join(cache, `.part-${fileFor(configure)}`);
  await using unfinished = new AsyncDisposableStack();
  unfinished.defer(() => Deno.remove(part).catch(() => {}));
  await buildRootfs(recipe, { output: part, configure, log, warn, signal });
  await removeTars(name, ({ isPart }) => !isPart);
  await keepFile(part, output);
  return held(output, configure);
}

/** For the holder of the lock. */
async function removeTars(name: string, which: (found: StoredTar) => boolean): Promise<void> {
  for (const tar of await storedTars()) {
    if (tar.name === name && which(tar)) await removeEntry({ ...tar, locks: [] });
  }
}
