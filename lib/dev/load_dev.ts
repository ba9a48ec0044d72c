import { join, toFileUrl } from "@std/path";
import { UsageError } from "../base/errors.ts";
import { root } from "../base/files/paths.ts";
import { showPath } from "../config/show_path.ts";
import { defineDev, type DevConfig, type ShareMode } from "../config/dev_config.ts";

/** The file that describes the dev guest. */
const DEV_CONFIG: string = join(root, "configs/arm_dev.ts");

/** Loads the config of the dev guest. Throws {@link UsageError} with all errors in it. */
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

/** Deno shows a syntax error with an excerpt of the line. */
const firstLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0];

interface DevValues {
  readonly sshPort?: number | undefined;
  readonly memory?: number | undefined;
  readonly cores?: number | undefined;
  readonly disk?: number | undefined;
  readonly share?: ShareMode | undefined;
  readonly readOnly?: boolean;
  readonly hostStore?: boolean;
}

/** The config, with the overrides of the command line. */
export async function loadDev(opt: DevValues): Promise<DevConfig> {
  const config = await loadDevConfig();
  return defineDev({
    ...config,
    sshPort: opt.sshPort ?? config.sshPort,
    memoryMiB: opt.memory ?? config.memoryMiB,
    cores: opt.cores ?? config.cores,
    diskGiB: opt.disk ?? config.diskGiB,
    share: {
      ...config.share,
      mode: opt.share ?? config.share.mode,
      readOnly: opt.readOnly || config.share.readOnly,
      hostStore: opt.hostStore || config.share.hostStore,
    },
  });
}
