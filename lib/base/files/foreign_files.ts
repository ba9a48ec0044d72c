import { dirname, join, relative } from "@std/path";
import { HostError } from "../errors.ts";
import { pathIn } from "./full_disk.ts";
import { ownDirs, root } from "./paths.ts";

/**
 * An error as {@link HostError} if access was refused to one of our files that belongs to another
 * user; any other error unchanged. `action` completes "Cannot".
 */
export async function explainForeignFiles(error: unknown, action: string): Promise<unknown> {
  if (error instanceof SuppressedError) {
    const [later, first] = await Promise.all(
      [error.error, error.suppressed].map((one) => explainForeignFiles(one, action)),
    );
    return new SuppressedError(later, first, error.message);
  }
  if (!(error instanceof Deno.errors.PermissionDenied)) return error;
  const path = pathIn(error);
  // An error about an error would be worse: what cannot be determined is left out.
  const foreign = await findForeign(path).catch(() => undefined);
  if (foreign === undefined) return error;
  return new HostError(
    `Cannot ${action}: ${foreign.path} belongs to another user (${foreign.uid})`,
    {
      details: [error.message, "it was made by a task that ran as that user"],
      next: `sudo chown -R "$(id -u)" ${foreign.dirs.map(shown).join(" ")}`,
      cause: error,
    },
  );
}

/** Another user's files on the way to a path, or among our directories and their entries. */
async function findForeign(path: string | undefined) {
  const dirs = ownDirs();
  const own = dirs.filter((dir) => path === undefined || `${path}/`.startsWith(`${dir}/`));
  for (const dir of own) {
    for (const at of path === undefined ? [dir, ...await entriesOf(dir)] : wayTo(path, dir)) {
      const uid = await uidOf(at);
      if (uid === undefined || uid === Deno.uid()) continue;
      const there = await Promise.all(dirs.map(uidOf));
      return { path: at, uid, dirs: dirs.filter((_, index) => there[index] !== undefined) };
    }
  }
  return undefined;
}

const uidOf = (path: string) => Deno.lstat(path).then(({ uid }) => uid, () => undefined);

async function entriesOf(dir: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(dir)).catch(() => []);
  return entries.map(({ name }) => join(dir, name));
}

/** A path and the directories that it is in, from the bottom up to `top`. */
function wayTo(path: string, top: string): string[] {
  return path.length > top.length ? [path, ...wayTo(dirname(path), top)] : [top];
}

/** As the user would type it in the checkout. */
const shown = (path: string): string => path.startsWith(`${root}/`) ? relative(root, path) : path;
