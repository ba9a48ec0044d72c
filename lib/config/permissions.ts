/** What the code of a class of privilege may do, in the words of Deno's permission sets. */
export interface Privilege {
  /** What it is for. */
  readonly why: string;
  /** Programs by name, or by a path in the checkout; their own variables come with them. */
  readonly run?: readonly string[];
  /** Groups of tools that it may ask for their versions, besides those that the task is known for. */
  readonly tools?: readonly string[];
  /** Directories and files, relative to the checkout. */
  readonly write?: readonly string[];
  /** Variables; `true` for all of them. */
  readonly env?: readonly string[] | true;
  readonly sys?: readonly string[];
  readonly net?: true;
  /** Directories; without it, what the task runs, the user's project and `PATH` may lie anywhere. */
  readonly read?: readonly string[];
}

/** The permission sets of all tasks: each is the union of the classes that its task needs. */
export interface PermissionTable<Name extends string = string> {
  readonly classes: Readonly<Record<Name, Privilege>>;
  /** By the name of the task; `install` is no task: see `ensureHost()`. */
  readonly tasks: Readonly<Record<string, readonly Name[]>>;
}

/** Checks the names of a table's classes. */
export function definePermissions<const Name extends string>(
  table: PermissionTable<Name>,
): PermissionTable<Name> {
  return table;
}
