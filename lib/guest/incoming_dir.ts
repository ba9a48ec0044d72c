import { join } from "@std/path";
import { folderNames } from "../base/files/folders.ts";
import { tryLock } from "../base/files/lock.ts";

/** How the names of these directories begin, beside what they are for. */
const PREFIX = ".incoming-";

/** A private directory for what a guest sends, until it is inspected. Goes when disposed. */
export interface IncomingDir extends AsyncDisposable {
  /** An empty directory. */
  readonly tree: string;
  /** Where else a file can be put. */
  readonly path: string;
}

/** Makes an {@link IncomingDir} in `home`, and removes those of tasks that were killed. */
export async function makeIncomingDir(home: string): Promise<IncomingDir> {
  await sweep(home);
  while (true) {
    const path = await Deno.makeTempDir({ dir: home, prefix: PREFIX });
    // Another task that sweeps may meet it before its lock is taken; then a new one is made.
    const lock = await tryLock(join(path, "lock"), { purpose: "copy out of a guest" });
    if (lock === undefined) continue;
    const tree = join(path, "tree");
    await Deno.mkdir(tree);
    return {
      ...{ path, tree },
      async [Symbol.asyncDispose]() {
        await Deno.remove(path, { recursive: true });
        await lock[Symbol.asyncDispose]();
      },
    };
  }
}

async function sweep(home: string): Promise<void> {
  for (const name of await folderNames(home)) {
    if (!name.startsWith(PREFIX)) continue;
    await using lock = await tryLock(join(home, name, "lock"));
    if (lock !== undefined) await Deno.remove(join(home, name), { recursive: true });
  }
}
