import { resolveProject } from "../config/find_project.ts";
import { loadProject, type Project } from "../config/project.ts";
import { platformNames } from "../config/platform_names.ts";
import { artifactsDir, platformsDir, root } from "../host/paths.ts";
import { callersDir, outputPath } from "./output_path.ts";

/** Loads the project that the user means, by `--project` or by where they call from. */
export async function loadUserProject(projectFlag: string | undefined): Promise<Project> {
  const dir = await resolveProject({ projectFlag, cwd: callersDir(), root });
  return await loadProject(dir, { platformNames: await platformNames(platformsDir) });
}

/**
 * The folder that `--artifacts` names, seen from where the user calls. Throws a UsageError before
 * anything is built if nothing could be written there in the end.
 */
export async function artifactsTarget(wanted: string | undefined): Promise<string> {
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
export function kernelWords(append: string | undefined): string[] {
  return (append ?? "").split(/\s+/).filter((word) => word !== "");
}
