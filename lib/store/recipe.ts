import { join } from "@std/path";
import { HostError } from "../base/errors.ts";
import { canonicalJson, type Digest, FramedHash } from "../base/files/digest.ts";

/**
 * One named input of a build.
 *
 * - `value`: JSON (versions, a platform's config, the key of an embedded part) or bytes.
 * - `file`: the path of a file, read through symbolic links; its mode and contents count.
 * - `script`: the path of a shell script: its mode and its lines count, but for empty ones and
 * those
 *   that are only a comment.
 * - `dir`: the path of a directory. Everything below it counts, one input for each entry, named
 *   `NAME/RELATIVE/PATH`: files by mode and contents, directories by mode, symbolic links by
 * target.
 *   `skip` leaves entries out (relative path; a directory's entries are left out with it).
 *
 * Only the name goes into the key, not where the file lies: a moved checkout keeps its keys.
 */
export type RecipeInput =
  | { readonly name: string; readonly value: unknown }
  | { readonly name: string; readonly file: string }
  | { readonly name: string; readonly script: string }
  | {
    readonly name: string;
    readonly dir: string;
    readonly skip?: (relativePath: string) => boolean;
  };

/** An input as the key saw it. */
export interface InputDigest {
  readonly name: string;
  readonly digest: Digest;
}

/** A recipe key with the inputs that made it, sorted by name. */
export interface Recipe {
  readonly key: Digest;
  readonly inputs: readonly InputDigest[];
}

/** Goes into every key: a change to the encoding must not meet keys of the former one. */
const ENCODING = "guesthouse recipe 1";

/**
 * The key of a build: a SHA-256 over its named inputs in any order. Throws {@link HostError}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { recipeKey } from "./recipe.ts";
 *
 * const packages = { name: "packages", value: ["g++", "make"] };
 * const suite = { name: "suite", value: "bookworm" };
 * assertEquals(await recipeKey([packages, suite]), await recipeKey([suite, packages]));
 * ```
 */
export async function recipeKey(inputs: Iterable<RecipeInput>): Promise<Recipe> {
  const digests: InputDigest[] = [];
  for (const input of inputs) {
    if ("value" in input) {
      digests.push({ name: input.name, digest: await valueDigest(input.value) });
    } else if ("file" in input) {
      digests.push({ name: input.name, digest: await fileDigest(input.name, input.file) });
    } else if ("script" in input) {
      digests.push({ name: input.name, digest: await scriptDigest(input.name, input.script) });
    } else {
      digests.push(...await dirDigests(input.name, input.dir, input.skip ?? (() => false)));
    }
  }
  digests.sort((a, b) => a.name < b.name ? -1 : 1);
  rejectTwins(digests);
  return { key: await keyOf(digests), inputs: digests };
}

/** The key that belongs to a list of digests, which must be sorted by name. */
export async function keyOf(inputs: readonly InputDigest[]): Promise<Digest> {
  const hash = new FramedHash().frame(ENCODING);
  for (const { name, digest } of inputs) hash.frame(name).frame(digest);
  return await hash.digest();
}

function rejectTwins(sorted: readonly InputDigest[]): void {
  const twin = sorted.find(({ name }, index) => name === sorted[index + 1]?.name);
  if (twin === undefined) return;
  throw new TypeError(
    `Cannot make a recipe key: two inputs are named ${JSON.stringify(twin.name)}`,
  );
}

async function valueDigest(value: unknown): Promise<Digest> {
  return await (value instanceof Uint8Array
    ? new FramedHash().frame("bytes").frame(value)
    : new FramedHash().frame("value").frame(canonicalJson(value))).digest();
}

async function fileDigest(name: string, path: string): Promise<Digest> {
  try {
    // Before opening it: opening a FIFO waits for a writer.
    const info = await Deno.stat(path);
    if (!info.isFile) throw new TypeError("it is not a file");
    const hash = new FramedHash().frame("file").frame(modeText(info));
    return await hash.last(await Deno.readFile(path)).digest();
  } catch (cause) {
    throw unreadable(name, path, cause);
  }
}

/** `# words` in a line of its own; `#!` names an interpreter. */
const COMMENT_OR_EMPTY = /^\s*(?:#(?!!).*)?$/;

/** `<<WORD`, `<<-WORD`, quoted or not; not `<<<`. */
const HERE_DOCUMENT = /(?<!<)<<(-?)\s*(["']?)([A-Za-z_]\w*)\2/;

/** The lines of a shell script that are more than a comment; all of a here-document is. */
export function withoutComments(script: string): string[] {
  const kept: string[] = [];
  let end: RegExp | undefined;
  for (const line of script.split("\n")) {
    if (end === undefined && COMMENT_OR_EMPTY.test(line)) continue;
    kept.push(line);
    if (end?.test(line)) end = undefined;
    else if (end === undefined) {
      const [, tabs, , word] = HERE_DOCUMENT.exec(line) ?? [];
      if (word !== undefined) end = new RegExp(`^${tabs === "" ? "" : "\\t*"}${word}$`);
    }
  }
  return kept;
}

async function scriptDigest(name: string, path: string): Promise<Digest> {
  try {
    const info = await Deno.stat(path);
    if (!info.isFile) throw new TypeError("it is not a file");
    const lines = withoutComments(await Deno.readTextFile(path));
    return await new FramedHash().frame("script").frame(modeText(info)).frame(lines.join("\n"))
      .digest();
  } catch (cause) {
    throw unreadable(name, path, cause);
  }
}

async function dirDigests(
  name: string,
  dir: string,
  skip: (relativePath: string) => boolean,
): Promise<InputDigest[]> {
  const digests: InputDigest[] = [];
  const visit = async (below: string) => {
    const here = join(dir, below);
    const entries = await readDir(below === "" ? name : `${name}/${below}`, here);
    digests.push({ name: `${name}/${below === "" ? "" : `${below}/`}`, digest: entries.digest });
    for (const entry of entries.list) {
      const relative = below === "" ? entry.name : `${below}/${entry.name}`;
      if (skip(relative)) continue;
      const path = join(here, entry.name);
      const entryName = `${name}/${relative}`;
      if (entry.isDirectory) await visit(relative);
      else if (entry.isSymlink) {
        digests.push({ name: entryName, digest: await linkDigest(entryName, path) });
      } else digests.push({ name: entryName, digest: await fileDigest(entryName, path) });
    }
  };
  await visit("");
  return digests;
}

async function readDir(
  name: string,
  path: string,
): Promise<{ digest: Digest; list: Deno.DirEntry[] }> {
  try {
    const info = await Deno.stat(path);
    const list = await Array.fromAsync(Deno.readDir(path));
    return { digest: await new FramedHash().frame("folder").frame(modeText(info)).digest(), list };
  } catch (cause) {
    throw unreadable(name, path, cause);
  }
}

async function linkDigest(name: string, path: string): Promise<Digest> {
  try {
    return await new FramedHash().frame("link").frame(await Deno.readLink(path)).digest();
  } catch (cause) {
    throw unreadable(name, path, cause);
  }
}

/** The permission bits; the file type is told apart by the first frame. */
function modeText(info: Deno.FileInfo): string {
  return ((info.mode ?? 0) & 0o7777).toString(8);
}

function unreadable(name: string, path: string, cause: unknown): HostError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new HostError(`Cannot read ${JSON.stringify(name)}, an input of the build: ${why}`, {
    details: [`path: ${path}`],
    next: "restore the file, or make it readable, and run the task again",
    cause,
  });
}
