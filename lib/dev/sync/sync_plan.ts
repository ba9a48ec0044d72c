import { whyNotHome } from "../../guest/incoming.ts";
import { type RepositoryJudge, repositoryJudge } from "../../guest/repositories.ts";

/** Marks by relative path: `f SIZE MODIFIED_MS`, with an `x` for executables; `l TARGET`. */
export type Listing = ReadonlyMap<string, string>;

/** What a sync will do, each list sorted. */
export interface SyncPlan {
  /** Copied to the guest. */
  readonly push: readonly string[];
  /** Copied to the host. */
  readonly pull: readonly string[];
  /** Removed from the guest, because the host has removed them. */
  readonly remove: readonly string[];
  /** Removed in the guest, and copied to it again: nothing is ever removed from the host. */
  readonly restore: readonly string[];
  /** Left alone on both sides, since both have changed them. */
  readonly conflicts: readonly string[];
  /** Changes of the guest that the host does not accept: see {@link planSync}. */
  readonly guestOnly: readonly string[];
}

/** The three states that a plan is made from. */
export interface SyncStates {
  /** What both had after the last sync; empty before the first. */
  readonly base: Listing;
  readonly host: Listing;
  readonly guest: Listing;
  /** Whether the guest has read-only access to the host's files. */
  readonly readOnly: boolean;
}

type Verdict = keyof SyncPlan | "same";

/**
 * Decides what is copied where. The side that has changed a file since the last sync gives it to
 * the other; if both have, it is a conflict, and so is a file that one side has where the other has
 * a directory.
 *
 * Repositories are only copied to the guest. Half of a commit, or an index with other files' times,
 * would be worse on the host than none, and git may run programs that it finds in a repository.
 * Other files that must not be copied to the host stay in the guest, too: see `whyNotHome()`.
 */
export function planSync(states: SyncStates): SyncPlan {
  const plan: Record<keyof SyncPlan, string[]> = {
    ...{ push: [], pull: [], remove: [], restore: [], conflicts: [], guestOnly: [] },
  };
  const paths = new Set([...states.base.keys(), ...states.host.keys(), ...states.guest.keys()]);
  const isRepository = repositoryJudge(paths);
  for (const path of [...paths].sort()) {
    const verdict = judge(path, states, isRepository);
    if (verdict !== "same") plan[verdict].push(path);
  }
  return plan;
}

function judge(path: string, states: SyncStates, isRepository: RepositoryJudge): Verdict {
  const verdict = compare(path, states);
  const receiver = { pull: states.host, push: states.guest, restore: states.guest };
  if (verdict in receiver && isInTheWay(receiver[verdict as keyof typeof receiver], path)) {
    return "conflicts";
  }
  // Every `git status` writes the index, on either side.
  if (path === ".git/index" && verdict === "conflicts") return "push";
  if (verdict !== "pull") return verdict;
  const target = targetOf(states.guest.get(path));
  const mayCome = !states.readOnly && whyNotHome({ path, target }, isRepository) === undefined;
  return mayCome ? "pull" : "guestOnly";
}

function compare(path: string, { base, host, guest }: SyncStates): Verdict {
  const before = base.get(path);
  const here = host.get(path);
  const there = guest.get(path);
  if (here === there) return "same";
  if (before === undefined) {
    if (there === undefined) return "push";
    return here === undefined ? "pull" : "conflicts";
  }
  if (here === before) return there === undefined ? "restore" : "pull";
  if (there === before) return here === undefined ? "remove" : "push";
  // Both have changed it; a file that the guest has removed is not wanted there.
  return there === undefined ? "push" : "conflicts";
}

/**
 * Whether a tree has a file or a link where this path needs a directory, or the other way round.
 */
const isInTheWay = (tree: Listing, path: string) =>
  isBelowFile(tree, path) || dirsOfTree(tree).has(path);

/** Whether a tree has a file or a link in place of one of a path's directories. */
export const isBelowFile = (tree: Listing, path: string): boolean =>
  dirsOf(path).some((dir) => tree.has(dir));

const dirsByTree = new WeakMap<Listing, Set<string>>();

/** The directories of a tree's paths; computed once. */
function dirsOfTree(tree: Listing): Set<string> {
  let found = dirsByTree.get(tree);
  if (found === undefined) {
    found = new Set([...tree.keys()].flatMap(dirsOf));
    dirsByTree.set(tree, found);
  }
  return found;
}

/** The directories that a path lies in, and itself if it ends with a slash. */
function dirsOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

/** Where a link leads; `undefined` for a file. */
const targetOf = (mark = "") => mark.startsWith("l ") ? mark.slice("l ".length) : undefined;

/**
 * What both have after a sync; conflicts and files that did not arrive in `pulled` keep their
 * marks.
 */
export function nextBase(
  states: SyncStates,
  plan: SyncPlan,
  pulled: Listing,
): Map<string, string> {
  const { base, host, guest } = states;
  const next = new Map<string, string>();
  const copy = (paths: readonly string[], from: Listing) => {
    for (const path of paths) {
      const mark = from.get(path);
      if (mark !== undefined) next.set(path, mark);
    }
  };
  for (const [path, mark] of host) if (guest.get(path) === mark) next.set(path, mark);
  copy([...plan.conflicts, ...plan.guestOnly, ...plan.pull], base);
  copy([...plan.push, ...plan.restore], host);
  copy(plan.pull.filter((path) => hasCome(path, states, pulled)), guest);
  return next;
}

/** Whether a guest's file has arrived; file systems may round its time or lose its mode. */
function hasCome(path: string, { host, guest }: SyncStates, pulled: Listing): boolean {
  const now = pulled.get(path);
  const wanted = guest.get(path);
  if (now === wanted) return true;
  const size = sizeOf(now);
  return now !== host.get(path) && size !== undefined && size === sizeOf(wanted);
}

/** The part of a file's mark that every file system keeps; `undefined` for a link. */
const sizeOf = (mark = "") => /^f \d+/.exec(mark)?.[0];

/** Whether there is nothing to do. */
export const isInSync = (plan: SyncPlan): boolean =>
  [plan.push, plan.pull, plan.remove, plan.restore, plan.conflicts].every(({ length }) =>
    length === 0
  );

/** How many names of each kind to show. */
const SHOWN_NAMES = 10;

/** The plan for a reader: what goes where, with the first names of each kind. */
export function planLines(plan: SyncPlan): string[] {
  const kinds: [title: string, paths: readonly string[]][] = [
    ["to the guest", plan.push],
    ["to the host", plan.pull],
    ["removed from the guest", plan.remove],
    ["back to the guest, which had removed them", plan.restore],
    ["changed on both sides, left alone", plan.conflicts],
    ["changed in the guest, left there", plan.guestOnly],
  ];
  const lines = kinds.filter(([, { length }]) => length > 0).flatMap(([title, paths]) => [
    `${title}: ${paths.length}`,
    ...paths.slice(0, SHOWN_NAMES).map((path) => `  ${JSON.stringify(path).slice(1, -1)}`),
    ...(paths.length > SHOWN_NAMES ? [`  and ${paths.length - SHOWN_NAMES} more`] : []),
  ]);
  return lines.length === 0 ? ["both sides are equal"] : lines;
}
