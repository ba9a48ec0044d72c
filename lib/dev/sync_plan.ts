/**
 * Files and links of a tree by their paths, which are relative to it. Equal marks are equal files:
 * `f SIZE MODIFIED_MS` and an `x` for what may be run, `l TARGET` for a link.
 */
export type Listing = ReadonlyMap<string, string>;

/** What a sync will do, each list sorted. */
export interface SyncPlan {
  /** Copied to the guest. */
  readonly push: readonly string[];
  /** Copied to the host. */
  readonly pull: readonly string[];
  /** Removed from the guest, for the host has removed them. */
  readonly remove: readonly string[];
  /** Removed in the guest, and copied to it again: nothing is ever removed from the host. */
  readonly restore: readonly string[];
  /** Left alone on both sides, since both have changed them. */
  readonly conflicts: readonly string[];
  /** Parts of the repository that the guest has changed, which stay there. */
  readonly guestOnly: readonly string[];
}

/** The three states that a plan is made from. */
export interface SyncStates {
  /** What both had after the last sync; empty before the first. */
  readonly base: Listing;
  readonly host: Listing;
  readonly guest: Listing;
  /** Whether the guest may change nothing of the host's. */
  readonly readOnly: boolean;
}

type Verdict = keyof SyncPlan | "same";

/**
 * Decides what is copied where. Who has changed a file since the last sync gives it to the other; if
 * both have, it is a conflict, and so is a file that one has where the other has a folder.
 *
 * The repository goes to the guest alone. Half of a commit, or an index of other files' times, would
 * be worse on the host than none.
 */
export function planSync(states: SyncStates): SyncPlan {
  const plan: Record<keyof SyncPlan, string[]> = {
    ...{ push: [], pull: [], remove: [], restore: [], conflicts: [], guestOnly: [] },
  };
  const paths = new Set([...states.base.keys(), ...states.host.keys(), ...states.guest.keys()]);
  for (const path of [...paths].sort()) {
    const verdict = judge(path, states);
    if (verdict !== "same") plan[verdict].push(path);
  }
  return plan;
}

function judge(path: string, states: SyncStates): Verdict {
  const verdict = compare(path, states);
  const target = { pull: states.host, push: states.guest, restore: states.guest };
  if (verdict in target && isInTheWay(target[verdict as keyof typeof target], path)) {
    return "conflicts";
  }
  // Every `git status` writes the index, on either side.
  if (path === ".git/index" && verdict === "conflicts") return "push";
  const toHost = !states.readOnly && !isRepository(path);
  return verdict === "pull" && !toHost ? "guestOnly" : verdict;
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
  // Both have changed it; what the guest has removed, it does not want.
  return there === undefined ? "push" : "conflicts";
}

/** Whether a tree has a file or a link where this path needs a folder, or the other way round. */
function isInTheWay(tree: Listing, path: string): boolean {
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    if (tree.has(path.slice(0, at))) return true;
  }
  return foldersOf(tree).has(path);
}

const folders = new WeakMap<Listing, Set<string>>();

/** The folders that a tree's paths lie in; found out once. */
function foldersOf(tree: Listing): Set<string> {
  let found = folders.get(tree);
  if (found === undefined) {
    found = new Set();
    for (const path of tree.keys()) {
      for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
        found.add(path.slice(0, at));
      }
    }
    folders.set(tree, found);
  }
  return found;
}

const isRepository = (path: string) => path === ".git" || path.startsWith(".git/");

/** What both have after a sync that went well; what was left alone stays as it was. */
export function nextBase({ base, host, guest }: SyncStates, plan: SyncPlan): Map<string, string> {
  const next = new Map<string, string>();
  const copied = (paths: readonly string[], from: Listing) => {
    for (const path of paths) next.set(path, from.get(path) ?? "");
  };
  for (const [path, mark] of host) if (guest.get(path) === mark) next.set(path, mark);
  for (const path of [...plan.conflicts, ...plan.guestOnly]) {
    const before = base.get(path);
    if (before !== undefined) next.set(path, before);
  }
  copied([...plan.push, ...plan.restore], host);
  copied(plan.pull, guest);
  return next;
}

/** Whether there is nothing to do. */
export const isInSync = (plan: SyncPlan): boolean =>
  [plan.push, plan.pull, plan.remove, plan.restore, plan.conflicts].every(({ length }) =>
    length === 0
  );

/** How many names of each kind are shown. */
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
