import { basename, join } from "@std/path";
import { MORE_VARIABLES } from "../../base/process/clean_environment.ts";
import { HOMEBREW_SBIN } from "../../base/process/find_program.ts";
import type { PermissionTable, Privilege } from "../../config/permissions.ts";
import { groupsForTask, TOOL_GROUPS, TOOLS } from "./tool_table.ts";

/** A permission set as `deno.json` has it. */
interface PermissionSet {
  read?: true | string[];
  write?: string[];
  env?: true | string[];
  sys?: string[];
  run?: string[];
  net?: true;
}

/** What Debian keeps off the `PATH` of ordinary users, where a bare name means nothing. */
const SYSTEM_PROGRAMS = ["debugfs", "depmod", "dumpe2fs", "mke2fs"];

/** Where else they are: Homebrew keeps mke2fs, the one that macOS needs of them, off the `PATH`. */
export const systemPlaces = (name: string): readonly string[] => [
  `/usr/sbin/${name}`,
  ...name === "mke2fs" ? HOMEBREW_SBIN.map((dir) => `${dir}/${name}`) : [],
];

/** The class whose tasks ask the tools that they need for their versions. */
const ASKS_TOOLS = "tools";

/** The set of the tests themselves, which may do everything: they stand for hosts and users. */
const TESTS = "test";

/** The permission sets of a table by the names of its tasks. */
function permissionSets(table: PermissionTable): Map<string, PermissionSet> {
  return new Map(
    Object.entries(table.tasks).map(([task, names]) => {
      const classes = names.map((name) => table.classes[name]!);
      const groups = classes.flatMap(({ tools = [] }) => tools);
      const run = names.includes(ASKS_TOOLS) ? toolPrograms(task, groups) : [];
      return [task, union([...classes, { why: "asks its tools", run }])];
    }),
  );
}

/** The programs that a task asks for their versions. */
function toolPrograms(task: string, more: readonly string[]): string[] {
  const own = task === "check" ? TOOL_GROUPS : groupsForTask(task, "linux");
  const groups: readonly string[] = [...own, ...more];
  return TOOLS.filter((tool) => tool.versionArgs && tool.groups.some((of) => groups.includes(of)))
    .flatMap(({ programs }) => programs);
}

/** What a program of that name gets of the user's variables, besides those that all get. */
const variablesOf = (path: string) => MORE_VARIABLES[basename(path)] ?? [];

function union(classes: readonly Privilege[]): PermissionSet {
  const all = (of: (one: Privilege) => readonly string[] | undefined) =>
    [...new Set(classes.flatMap((one) => of(one) ?? []))].sort();
  const run = all((one) => one.run);
  const system = SYSTEM_PROGRAMS.filter((name) => run.includes(name));
  const set: PermissionSet = {
    read: classes.some(({ read }) => read !== undefined) ? all(({ read }) => read) : true,
    write: all(({ write }) => write),
    env: classes.some(({ env }) => env === true) ? true : all(({ env, run = [] }) => [
      ...env === true ? [] : env ?? [],
      ...run.flatMap(variablesOf),
    ]),
    sys: all(({ sys }) => sys),
    run: [...run, ...system.flatMap(systemPlaces)].sort(),
    ...(classes.some(({ net }) => net) ? { net: true } : {}),
  };
  const present = Object.entries(set).filter(([, value]) => value === true || value.length > 0);
  return Object.fromEntries(present);
}

/**
 * Writes the sets of a table to `deno.json`, and what each task runs with: the set of the first task
 * that has the same. The set of the tests stays.
 *
 * @param options.check whether to write nothing
 * @returns whether the file was as it should be
 */
export async function writePermissions(
  root: string,
  table: PermissionTable,
  { check }: { readonly check: boolean },
): Promise<{ readonly path: string; readonly current: boolean }> {
  const path = join(root, "deno.json");
  const text = await Deno.readTextFile(path);
  const config = JSON.parse(text);
  const names = new Map<string, string>();
  const permissions: Record<string, PermissionSet> = {};
  for (const [task, set] of permissionSets(table)) {
    const key = JSON.stringify(set);
    const name = names.get(key) ?? (task === TESTS ? `${task}-task` : task);
    if (!names.has(key)) permissions[name] = set;
    names.set(key, name);
    const own = config.tasks[task];
    if (own !== undefined) own.command = own.command.replace(/ -P=\S+/, ` -P=${name}`);
  }
  permissions[TESTS] = config.permissions[TESTS];
  const wanted = `${JSON.stringify({ ...config, permissions }, null, 2)}\n`;
  if (wanted !== text && !check) await Deno.writeTextFile(path, wanted);
  return { path, current: wanted === text };
}
