import { join, toFileUrl } from "@std/path";
import type { TaskContext } from "../cli/context.ts";
import { UsageError } from "../cli/errors.ts";
import { resolveProject } from "../config/find_project.ts";
import { callersDir } from "../build/output_path.ts";
import { root } from "../host/paths.ts";
import { showPath } from "../config/show_path.ts";
import { defineDev, type DevConfig, type ShareMode } from "./config.ts";

/** Where the dev guest is described. */
export const DEV_CONFIG: string = join(root, "configs/arm_dev.ts");

/** Loads the config of the dev guest. Throws {@link UsageError} with all its faults. */
export async function loadDevConfig(path: string = DEV_CONFIG): Promise<DevConfig> {
  try {
    const { default: config } = await import(toFileUrl(path).href);
    return defineDev(config);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const file = showPath(path);
    throw new UsageError(`Cannot load ${file}: ${firstLine(error)}`, {
      next: `edit ${file}`,
      cause: error,
    });
  }
}

/** Deno shows a syntax error with a picture of the line. */
const firstLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0];

/** The config, with what the command line says instead. */
export async function loadDev(ctx: TaskContext): Promise<DevConfig> {
  const config = await loadDevConfig();
  const given = <T>(name: string, read: (name: string) => T | undefined) =>
    name in ctx.values ? read(name) : undefined;
  return defineDev({
    ...config,
    sshPort: given("ssh-port", ctx.num) ?? config.sshPort,
    memoryMiB: given("memory", ctx.num) ?? config.memoryMiB,
    cores: given("cores", ctx.num) ?? config.cores,
    diskGiB: given("disk", ctx.num) ?? config.diskGiB,
    share: {
      ...config.share,
      mode: (given("share", ctx.str) as ShareMode | undefined) ?? config.share.mode,
      readOnly: given("read-only", ctx.flag) || config.share.readOnly,
      hostStore: given("host-store", ctx.flag) || config.share.hostStore,
    },
  });
}

/** The folder that the guest shares: the project that the user means. */
export async function projectDir(ctx: TaskContext): Promise<string> {
  return await resolveProject({ projectFlag: ctx.str("project"), cwd: callersDir(), root });
}
