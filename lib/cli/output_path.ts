import { join, resolve } from "@std/path";
import { UsageError } from "../base/errors.ts";
import { artifactsDir, root } from "../base/files/paths.ts";

interface OutputPathOptions {
  /** What cannot be done: `copy artifacts to`. */
  readonly action: string;
  /** What the user should name: `a directory`, `a file`. */
  readonly noun: string;
  /** Why a writable path cannot be used; `undefined` if it can. */
  readonly whyNot: (path: string) => Promise<string | undefined>;
}

/** The directory that the user calls from; the task itself runs in the checkout. */
export function callersDir(): string {
  return Deno.env.get("INIT_CWD") ?? Deno.cwd();
}

/** The path named by an option, from the user's directory. Throws UsageError if not writable. */
export async function outputPath(
  wanted: string,
  { action, noun, whyNot }: OutputPathOptions,
): Promise<string> {
  const path = resolve(callersDir(), wanted);
  const why = wanted === ""
    ? "the path is empty"
    : Deno.permissions.querySync({ name: "write", path }).state !== "granted"
    ? "the permission set of this task does not include it"
    : await whyNot(path);
  if (why === undefined) return path;
  throw new UsageError(`Cannot ${action} ${JSON.stringify(wanted)}: ${why}`, {
    details: [`looked at: ${path}`],
    next: `name ${noun} below ${artifactsDir()} or /tmp, or add yours to "write" of the ` +
      `permission sets in ${join(root, "deno.json")}`,
  });
}
