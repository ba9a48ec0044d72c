import { dirname, join, relative } from "@std/path";
import { WorkError } from "../base/errors.ts";
import { findArtifacts, type FoundArtifacts } from "../guest/find_artifacts.ts";
import { leftOutLines, NOT_UTF8 } from "../guest/incoming.ts";
import { copySparse } from "../base/process/copy_sparse.ts";
import { ARTIFACT_LIMIT_BYTES, claimRoom } from "../host/room.ts";
import { freshArtifactsDir } from "./artifacts_dir.ts";
import { pullFiles } from "../guest/rsync.ts";
import type { SshConnection } from "../guest/ssh.ts";
import { hostFiles } from "./find_files.ts";

interface CopyArtifactsOptions {
  readonly name: string;
  /** Absolute globs. */
  readonly globs: readonly string[];
  /** The directories of the globs; a file keeps its path relative to the first that contains it. */
  readonly roots: readonly string[];
  readonly outDir: string;
  readonly signal: AbortSignal;
  /** Called with what matches and is not copied. */
  readonly onWarning?: (text: string) => void;
  /** Their largest total size in bytes. Default `ARTIFACT_LIMIT_BYTES`. */
  readonly limitBytes?: number;
}

/**
 * Copies the files of a build on the host that `findArtifacts()` finds, and returns their new paths.
 * Throws {@link WorkError} for a glob that matches nothing, or for a link that leads nowhere, since
 * the build should have produced what they name, and what `claimRoom()` throws if there is no room.
 */
export async function copyArtifacts(options: CopyArtifactsOptions): Promise<string[]> {
  const { roots, signal } = options;
  const targetDir = await freshArtifactsDir(options.outDir, options.name);
  const artifacts = new Artifacts(options.name, targetDir);
  for (const root of roots) {
    const search = { root, roots, globs: globsBelow(options, root), signal };
    const found = await findArtifacts(hostFiles(signal), search);
    const leftOut = found.garbled.map((path) => ({ path, why: NOT_UTF8 }));
    for (const line of leftOutLines(leftOut)) options.onWarning?.(line);
    artifacts.add(root, found);
  }
  let bytes = 0;
  for (const path of artifacts.sources.values()) bytes += await takenBytes(path);
  using room = await claimRoom({ ...roomFor(options, targetDir), bytes });
  const either = AbortSignal.any([signal, room.full]);
  for (const [target, path] of artifacts.sources) {
    await Deno.mkdir(dirname(target), { recursive: true });
    await copySparse(path, target, either);
  }
  return artifacts.all();
}

/** The artifacts of a build, and what is missing of them. */
class Artifacts {
  /** Where each comes from, by where it goes to. */
  readonly sources = new Map<string, string>();
  readonly #lost: string[] = [];
  readonly #unmatched: string[] = [];

  constructor(readonly name: string, readonly dir: string) {}

  /** Throws if one of them would take the place of another. */
  add(root: string, { files, lost, unmatched }: Omit<FoundArtifacts, "garbled">): void {
    for (const file of files) {
      const [target, source] = [join(this.dir, file), join(root, file)];
      const other = this.sources.get(target);
      if (other !== undefined) {
        throw this.#fault('two have the same path below "artifacts"', {
          details: [other, source],
          next: 'name one of them only in "artifacts" of guesthouse.json',
        });
      }
      this.sources.set(target, source);
    }
    this.#lost.push(...lost);
    this.#unmatched.push(...unmatched.map((glob) => join(root, glob)));
  }

  /** Their paths. Throws only now, as the existing ones may help to find out why others are missing. */
  all(): string[] {
    const [link] = this.#lost;
    if (link !== undefined) {
      throw this.#fault(
        `a link leads nowhere, or out of the build and source directories: ${link}`,
        {
          details: this.#lost.slice(1, SHOWN_LINKS),
          next: 'let the build make its target, or correct "artifacts" in guesthouse.json',
        },
      );
    }
    const [glob] = this.#unmatched;
    if (glob !== undefined) {
      throw this.#fault(`nothing matches ${JSON.stringify(glob)}`, {
        next: 'correct "artifacts" in guesthouse.json',
      });
    }
    return [...this.sources.keys()].sort();
  }

  #fault(why: string, options: ConstructorParameters<typeof WorkError>[1]): WorkError {
    return new WorkError(`Cannot copy artifacts from ${this.name}: ${why}`, options);
  }
}

/** How many links an error names. */
const SHOWN_LINKS = 10;

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
  const { roots, signal } = options;
  const destDir = await freshArtifactsDir(options.outDir, options.name);
  const artifacts = new Artifacts(options.name, destDir);
  let left = options.limitBytes ?? ARTIFACT_LIMIT_BYTES;
  for (const root of roots) {
    const pulled = await pullFiles({
      ...{ connection: ssh, root, roots, globs: globsBelow(options, root), destDir },
      room: roomFor({ ...options, limitBytes: left }, destDir),
      signal,
    });
    for (const line of leftOutLines(pulled.leftOut)) options.onWarning?.(line);
    artifacts.add(root, pulled);
    for (const file of pulled.files) left -= await takenBytes(join(destDir, file));
  }
  return artifacts.all();
}
