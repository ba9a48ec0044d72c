import type { TaskContext } from "../cli/context.ts";
import { resolveProject } from "../config/find_project.ts";
import { loadProject, type Project } from "../config/project.ts";
import { platformNames } from "../config/platform_names.ts";
import { artifactsDir, platformsDir, root } from "../host/paths.ts";
import { callersDir, outputPath } from "./output_path.ts";

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
 * The folder that `--artifacts` names, seen from where the user calls. Throws a UsageError before
 * anything is built if nothing could be written there in the end.
 */
export async function artifactsTarget(ctx: TaskContext): Promise<string> {
  const wanted = ctx.str("artifacts");
  if (wanted === undefined) return artifactsDir();
  return await outputPath(wanted, {
    action: "copy artifacts to",
    noun: "a folder",
    whyNot: async (dir) =>
      await Deno.stat(dir).then((info) => !info.isDirectory, () => false)
        ? "it is not a folder"
        : undefined,
  });
}

/** What `--append` adds to the kernel's command line. */
export function kernelWords(ctx: TaskContext): string[] {
  return (ctx.str("append") ?? "").split(/\s+/).filter((word) => word !== "");
}
