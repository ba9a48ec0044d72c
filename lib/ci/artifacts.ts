import { dirname, join, relative } from "@std/path";
import { WorkError } from "../base/errors.ts";
import { Glob } from "../project/globs.ts";
import { leftOutLines } from "../guest/incoming.ts";
import { copySparse } from "../base/process/copy_sparse.ts";
import { ARTIFACT_LIMIT_BYTES, claimRoom } from "../host/room.ts";
import { freshArtifactsDir } from "./artifacts_dir.ts";
import { pullFiles } from "../guest/rsync.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { findFiles } from "./find_files.ts";

/** What {@link copyArtifacts} copies. */
interface CopyArtifactsOptions {
  readonly name: string;
  /** Absolute globs. */
  readonly globs: readonly string[];
  /** The directories of the globs; a file keeps its path relative to the first that contains it. */
  readonly roots: readonly string[];
  readonly outDir: string;
  readonly signal: AbortSignal;
  /** Called with what the host does not accept from a guest. */
  readonly onWarning?: (text: string) => void;
  /** Their largest total size in bytes. Default `ARTIFACT_LIMIT_BYTES`. */
  readonly limitBytes?: number;
}

/**
 * Copies the files of a build on the host that match, or lie in a directory that does, and returns
 * their new paths. Throws {@link WorkError} if a glob matches nothing, since the build should have
 * produced it, and what `claimRoom()` throws if they do not fit.
 */
export async function copyArtifacts(options: CopyArtifactsOptions): Promise<string[]> {
  const { name, roots } = options;
  const toCopy = new Map<string, { readonly path: string; readonly bytes: number }>();
  const targetDir = await freshArtifactsDir(options.outDir, name);
  let unmatched: string | undefined;
  for (const root of roots) {
    const globs = globsBelow(options, root).map((text) => new Glob(text));
    const found = await findFiles(root, globs, { linksInto: roots, signal: options.signal });
    for (const file of found.files) {
      options.signal.throwIfAborted();
      const [path, target] = [join(root, file), join(targetDir, file)];
      const other = toCopy.get(target);
      if (other !== undefined) throw twoOfOneName(name, other.path, path);
      toCopy.set(target, { path, bytes: await takenBytes(path) });
    }
    const [first] = found.unmatched;
    if (first !== undefined) unmatched ??= join(root, first);
  }
  const bytes = [...toCopy.values()].reduce((sum, file) => sum + file.bytes, 0);
  using room = await claimRoom({ ...roomFor(options, targetDir), bytes });
  const signal = AbortSignal.any([options.signal, room.full]);
  for (const [target, { path }] of toCopy) {
    await Deno.mkdir(dirname(target), { recursive: true });
    await copySparse(path, target, signal);
  }
  // The existing files may help to find out why the others are missing.
  if (unmatched !== undefined) throw noArtifact(options.name, unmatched);
  return [...toCopy.keys()].sort();
}

/** The options of {@link claimRoom}. */
const roomFor = ({ name, limitBytes }: CopyArtifactsOptions, dir: string) => ({
  dir,
  action: `copy artifacts from ${name}`,
  ...(limitBytes === undefined ? {} : { limitBytes }),
});

/** A file's disk usage, which is less than its size if it is sparse. */
async function takenBytes(path: string): Promise<number> {
  const { size, blocks } = await Deno.stat(path);
  return blocks === null ? size : Math.min(size, blocks * 512);
}

/** The globs below a root, relative to it; each belongs to the first root that contains it. */
function globsBelow({ globs, roots }: CopyArtifactsOptions, root: string): string[] {
  return globs
    .filter((glob) => roots.find((some) => glob.startsWith(`${some}/`)) === root)
    // The directory is not part of the pattern: its name may contain brackets, for example.
    .map((glob) => relative(root, glob));
}

/** Like {@link copyArtifacts}, but out of a guest. */
export async function pullArtifacts(
  ssh: SshConnection,
  options: CopyArtifactsOptions,
): Promise<string[]> {
  const copied = new Map<string, string>();
  const destDir = await freshArtifactsDir(options.outDir, options.name);
  let left = options.limitBytes ?? ARTIFACT_LIMIT_BYTES;
  for (const root of options.roots) {
    const globs = globsBelow(options, root);
    const pulled = await pullFiles({
      ...{ connection: ssh, guestDir: root, globs, destDir },
      room: roomFor({ ...options, limitBytes: left }, destDir),
      signal: options.signal,
    });
    for (const line of leftOutLines(pulled.leftOut)) options.onWarning?.(line);
    const [unmatched] = pulled.unmatched;
    if (unmatched !== undefined) throw noArtifact(options.name, unmatched);
    for (const file of pulled.files) {
      const [path, source] = [join(destDir, file), join(root, file)];
      const other = copied.get(path);
      if (other !== undefined) throw twoOfOneName(options.name, other, source);
      copied.set(path, source);
      const { isFile, size } = await Deno.lstat(path);
      if (isFile) left -= size;
    }
  }
  return [...copied.keys()].sort();
}

/** A glob of the config that matched nothing. */
function noArtifact(name: string, glob: string): WorkError {
  return new WorkError(
    `Cannot copy artifacts from ${name}: nothing matches ${JSON.stringify(glob)}`,
    {
      next: 'correct "artifacts" in guesthouse.json',
    },
  );
}

/** Two artifacts, of which one would take the place of the other. */
function twoOfOneName(name: string, one: string, other: string): WorkError {
  return new WorkError(
    `Cannot copy artifacts from ${name}: two have the same path below "artifacts"`,
    { details: [one, other], next: 'name one of them only in "artifacts" of guesthouse.json' },
  );
}
