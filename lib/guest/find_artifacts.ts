import { join } from "@std/path";
import { WorkError } from "../base/errors.ts";
import { Glob } from "../project/globs.ts";
import { isGarbled } from "../project/path_bytes.ts";
import { selectFiles, waysTo } from "./artifact_globs.ts";

/** What a directory holds, by paths relative to it. Links are named, and not followed. */
export interface Listed {
  readonly files: string[];
  readonly links: string[];
}

/** The files of this host or of a guest. What a guest answers decides only which of its own are sent. */
export interface FileSystem {
  /** At least what these globs may match below a directory. */
  list(root: string, globs: readonly Glob[]): Promise<Listed>;
  /** Where paths lead by way of all links: `undefined`, or a missing path, for nowhere. */
  realPaths(paths: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** What files and directories these real paths are. */
  look(paths: readonly string[]): Promise<ReadonlyMap<string, Listed | "file">>;
  /** The targets of links, as they are written there. */
  targets(links: readonly string[]): Promise<readonly (string | undefined)[]>;
}

/** What {@link findArtifacts} looks for. */
export interface ArtifactSearch {
  /** An absolute directory, one of `roots`. */
  readonly root: string;
  /** Relative to it. */
  readonly globs: readonly string[];
  /** The directories that links may lead into. */
  readonly roots: readonly string[];
  readonly signal?: AbortSignal;
}

export interface FoundArtifacts {
  /** Sorted, and relative to the root. Links may lie on the way to them. */
  readonly files: readonly string[];
  /** What matches as well, but cannot be named. */
  readonly garbled: readonly string[];
  /** Globs that match nothing. */
  readonly unmatched: readonly string[];
  /** Links among the artifacts that lead nowhere, or out of the roots: `"link" -> "target"`. */
  readonly lost: readonly string[];
}

/** How many files may be there again by way of links: links to each other multiply them. */
const MOST_LINKED = 100_000;

/**
 * The files that globs match, or that lie in a directory that one matches. A link counts as what it
 * leads to if that is below one of the roots. `**` goes through no link to a directory, and what
 * lies in a matching directory has no links to a directory around it, which would have no end.
 */
export async function findArtifacts(
  fs: FileSystem,
  { root, globs: texts, roots, signal }: ArtifactSearch,
): Promise<FoundArtifacts> {
  const globs = texts.map((text) => new Glob(text));
  if (globs.length === 0) return { files: [], garbled: [], unmatched: [], lost: [] };
  const listed = await fs.list(root, globs);
  const realRoots = listed.links.length === 0 ? [] : await fs.realPaths(roots);
  const realRoot = realRoots[roots.indexOf(root)] ?? root;
  const isInside = (path: string | undefined): path is string =>
    realRoots.some((dir) => dir !== undefined && path !== undefined && isIn(path, dir));
  const { isOnTheWay } = waysTo(globs);
  const files = [...listed.files];
  const lost: string[] = [];
  // Each with the real places of the links on its way, and its own at the end.
  let links = listed.links.map((path) => ({ path, places: [join(realRoot, path)] }));
  let linked = 0;
  while (links.length > 0) {
    const taken = new Set((await selectFiles(globs, links.map(({ path }) => path), signal)).files);
    const wanted = links.filter(({ path }) =>
      !isGarbled(path) && (taken.has(path) || isOnTheWay(path))
    );
    links = [];
    if (wanted.length === 0) break;
    const own = [...new Set(wanted.map(({ places }) => places.at(-1)!))];
    const reals = await fs.realPaths(own);
    const realOf = new Map(own.map((place, index) => [place, reals[index]]));
    const seen = await fs.look([...new Set(reals.filter(isInside))]);
    for (const { path, places } of wanted) {
      const real = realOf.get(places.at(-1)!);
      const there = isInside(real) ? seen.get(real) : undefined;
      if (real === undefined || there === undefined) {
        if (taken.has(path)) lost.push(join(root, path));
      } else if (there === "file") {
        files.push(path);
      } else if (!taken.has(path) || !places.some((place) => isIn(place, real))) {
        files.push(...there.files.map((name) => join(path, name)));
        links.push(...there.links.map((name) => ({
          path: join(path, name),
          places: [...places, join(real, name)],
        })));
        linked += there.files.length + there.links.length;
        if (linked > MOST_LINKED) throw tooMany(root);
      }
    }
  }
  const found = await selectFiles(globs, files.sort(), signal);
  lost.sort();
  const targets = lost.length === 0 ? [] : await fs.targets(lost);
  return {
    files: found.files.filter((path) => !isGarbled(path)),
    garbled: found.files.filter(isGarbled),
    unmatched: found.unmatched,
    lost: lost.map((path, index) => `${JSON.stringify(path)} -> ${JSON.stringify(targets[index])}`),
  };
}

/** Whether a path is a directory's, or of something in it. */
const isIn = (path: string, dir: string) => path === dir || path.startsWith(join(dir, "/"));

function tooMany(root: string): WorkError {
  return new WorkError(
    `Cannot look for artifacts in ${
      JSON.stringify(root)
    }: links there lead to more than ${MOST_LINKED} files`,
    { next: 'name fewer files in "artifacts" of guesthouse.json' },
  );
}
