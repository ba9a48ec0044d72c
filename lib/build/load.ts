import type { TaskContext } from "../cli/context.ts";
import { resolveProject } from "../config/find_project.ts";

import { loadProject, type Project } from "../config/project.ts";
import { platformNames } from "../config/platform_names.ts";
import { platformsDir, root } from "../host/paths.ts";

/** Loads the project that the user means, and its config. */
export async function loadUserProject(ctx: TaskContext): Promise<Project> {
  const dir = await resolveProject({
    projectFlag: ctx.str("project"),
    cwd: Deno.env.get("INIT_CWD") ?? Deno.cwd(),
    root,
  });
  return await loadProject(dir, { platformNames: await platformNames(platformsDir) });
}
