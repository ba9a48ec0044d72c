import { resolveProject } from "./find_project.ts";
import { loadProject, type Project } from "./project.ts";
import { platformNames } from "../config/platform_names.ts";
import { platformsDir, root } from "../base/files/paths.ts";
import { callersDir } from "../cli/output_path.ts";

/** Loads the project that the user means, by `--project` or by where they call from. */
export async function loadUserProject(projectFlag: string | undefined): Promise<Project> {
  const dir = await resolveProject({ projectFlag, cwd: callersDir(), root });
  return await loadProject(dir, { platformNames: await platformNames(platformsDir) });
}
