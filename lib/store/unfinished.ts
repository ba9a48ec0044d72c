import { join } from "@std/path";
import { dirNames } from "../base/files/directories.ts";
import { imageCacheDir, imagesDir, snapshotsDir, STAGING_PREFIX } from "../base/files/paths.ts";
import { removeTree } from "../base/process/remove_tree.ts";
import type { Entry } from "./entry.ts";

/** Where tasks make things of a kind, each in a directory that is renamed when complete. */
interface Making {
  /** The directory for those of one name. */
  readonly home: (of: string) => string;
  /** How the names of such directories begin, and what they are; the group is whose they are. */
  readonly prefix: (of: string) => string;
  readonly pattern: RegExp;
  /** In the home; held by the one task that makes a thing of that name now. */
  readonly lock: (of: string) => string;
  readonly why: string;
}

/** The end of names of `Deno.makeTempDir()` is a number in hexadecimal without leading zeros. */
const KINDS = {
  /** By the name of the part's first file; all in one directory. */
  part: {
    home: () => imageCacheDir(),
    prefix: (of) => `part-${of}-`,
    pattern: /^part-(.+)-[0-9a-f]{1,16}$/,
    lock: (of) => `${of}.lock`,
    why: "its build did not get to its end",
  },
  /** By the name of the image; with `tree-`, its unpacked root. */
  image: {
    home: (of) => join(imagesDir(), of),
    prefix: () => "version-",
    pattern: /^(?:tree|version)-[0-9a-f]{1,16}$/,
    lock: () => "lock",
    why: "its build did not get to its end",
  },
  /** By the name of the platform, or of the variant. */
  snapshot: {
    home: (of) => join(snapshotsDir(), of),
    prefix: () => STAGING_PREFIX,
    pattern: /^\.staging-/,
    lock: () => "save.lock",
    why: "the task that saved it is gone",
  },
} satisfies Record<string, Making>;

/** What tasks make in directories of their own. */
export type UnfinishedKind = keyof typeof KINDS;

/** A directory in which a thing was, or is, being made. */
interface Unfinished extends Entry {
  /** Whose it is: see {@link makerLock}. */
  readonly of: string;
  /** Why it is no longer needed, unless its task is still running. */
  readonly why: string;
  remove(): Promise<void>;
}

/** The lock of the maker of an image, a part (by its first file) or a platform's snapshot. */
export function makerLock(kind: UnfinishedKind, of: string): string {
  const { home, lock }: Making = KINDS[kind];
  return join(home(of), lock(of));
}

/** Makes a directory for a thing until it is whole. Disposal removes it, if it is still there. */
export async function makeUnfinished(
  kind: UnfinishedKind,
  of: string,
): Promise<{ readonly dir: string } & AsyncDisposable> {
  const { home, prefix }: Making = KINDS[kind];
  await Deno.mkdir(home(of), { recursive: true });
  const dir = await Deno.makeTempDir({ dir: home(of), prefix: prefix(of) });
  return {
    dir,
    async [Symbol.asyncDispose]() {
      await Deno.remove(dir, { recursive: true }).catch(() => {});
    },
  };
}

/** All of a kind: those of killed tasks, and those of tasks that still run. */
export async function listUnfinished(kind: UnfinishedKind): Promise<Unfinished[]> {
  const { home, pattern, why }: Making = KINDS[kind];
  const found: Unfinished[] = [];
  const isShared = home("a") === home("b");
  for (const owner of isShared ? [""] : await dirNames(home(""))) {
    for (const name of await dirNames(home(owner))) {
      const match = pattern.exec(name);
      if (match === null) continue;
      const of = match[1] ?? owner;
      const path = join(home(of), name);
      found.push({
        ...{ kind: `unfinished ${kind}`, path, of, why, locks: [makerLock(kind, of)] },
        what: isShared ? name : `${of}/${name}`,
        // There may be files of other users in it, and mounts.
        remove: () => removeTree(path),
      });
    }
  }
  return found;
}

/** Removes what killed tasks left. Only for the holder of {@link makerLock}. */
export async function sweepUnfinished(kind: UnfinishedKind, of: string): Promise<void> {
  for (const left of await listUnfinished(kind)) if (left.of === of) await left.remove();
}
