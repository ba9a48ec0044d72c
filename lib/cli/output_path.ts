import { join, resolve } from "@std/path";
import { UsageError } from "../base/errors.ts";
import { artifactsDir, root } from "../base/files/paths.ts";

/** What {@link outputPath} checks, and how it says so. */
export interface OutputPathOptions {
  /** What cannot be done: `copy artifacts to`. */
  readonly action: string;
  /** What is to be named: `a directory`, `a file`. */
  readonly noun: string;
  /** Why a path that may be written will not do; `undefined` if it will. */
  readonly whyNot: (path: string) => Promise<string | undefined>;
}

/** The directory that the user calls from; the task itself runs in the checkout. */
export function callersDir(): string {
  return Deno.env.get("INIT_CWD") ?? Deno.cwd();
}

/**
 * The path that an option names, seen from where the user calls.
 *
 * @throws {UsageError} if nothing could be written there in the end
 */
export async function outputPath(
  wanted: string,
  { action, noun, whyNot }: OutputPathOptions,
): Promise<string> {
  const path = resolve(callersDir(), wanted);
  const why = wanted === ""
    ? "the path is empty"
    : Deno.permissions.querySync({ name: "write", path }).state !== "granted"
    ? "the permission set of this task does not cover it"
    : await whyNot(path);
  if (why === undefined) return path;
  throw new UsageError(`Cannot ${action} ${JSON.stringify(wanted)}: ${why}`, {
    details: [`looked at: ${path}`],
    next: `name ${noun} below ${artifactsDir()} or /tmp, or add yours to "write" of the ` +
      `permission sets in ${join(root, "deno.json")}`,
  });
}
