import { join, resolve } from "@std/path";
import type { TaskContext } from "../cli/context.ts";
import { UsageError } from "../cli/errors.ts";
import { resolveProject } from "../config/find_project.ts";
import { loadProject, type Project } from "../config/project.ts";
import { platformNames } from "../config/platform_names.ts";
import { artifactsDir, platformsDir, root } from "../host/paths.ts";

/** Loads the project that the user means, and its config. */
export async function loadUserProject(ctx: TaskContext): Promise<Project> {
  const dir = await resolveProject({
    projectFlag: ctx.str("project"),
    cwd: callersDir(),
    root,
  });
  return await loadProject(dir, { platformNames: await platformNames(platformsDir) });
}

/**
 * The folder that `--artifacts` names, seen from where the user calls. Throws {@link UsageError}
 * before anything is built if nothing could be written there in the end.
 */
export async function artifactsTarget(ctx: TaskContext): Promise<string> {
  const wanted = ctx.str("artifacts");
  if (wanted === undefined) return artifactsDir();
  const dir = resolve(callersDir(), wanted);
  const why = wanted === ""
    ? "the path is empty"
    : Deno.permissions.querySync({ name: "write", path: dir }).state !== "granted"
    ? "the permission set of this task does not cover it"
    : await Deno.stat(dir).then((info) => !info.isDirectory, () => false)
    ? "it is not a folder"
    : undefined;
  if (why === undefined) return dir;
  throw new UsageError(`Cannot copy artifacts to ${JSON.stringify(wanted)}: ${why}`, {
    details: [`looked at: ${dir}`],
    next: `name a folder below ${artifactsDir()} or /tmp, or add yours to "write" of the ` +
      `permission sets in ${join(root, "deno.json")}`,
  });
}

/** What `--append` adds to the kernel's command line. */
export function kernelWords(ctx: TaskContext): string[] {
  return (ctx.str("append") ?? "").split(/\s+/).filter((word) => word !== "");
}

/** The folder that the user calls from; the task itself runs in the checkout. */
function callersDir(): string {
  return Deno.env.get("INIT_CWD") ?? Deno.cwd();
}
