import type { TaskContext } from "../cli/context.ts";
import type { Platform } from "../config/platform.ts";
import { ensureHost } from "../host/tools/ensure_host.ts";
import type { ToolGroup } from "../host/tools/tool_table.ts";
import { imageState } from "../image/platform/platform_image.ts";
import { mayBuildImages, notSetUp, setUpGroups, setUpImages, type SetUpOptions } from "./set_up.ts";

interface PrepareOptions extends SetUpOptions {
  readonly task: string;
  /** Tools that are needed in addition to those of guests. */
  readonly groups?: readonly ToolGroup[];
  /** Whether a platform without an image is no error. */
  readonly mayLackImages?: boolean;
}

/**
 * Ensures that the tools and images for these platforms exist: sets them up with `--yes` or the
 * user's consent, or throws with the command to run. A stale image is used unless it may be built
 * again. Returns the platforms without an image (only with `mayLackImages`). Does not return after
 * installing tools: a new process does the work.
 */
export async function prepareGuests(
  platforms: readonly Platform[],
  ctx: TaskContext,
  options: PrepareOptions,
): Promise<readonly Platform[]> {
  const states = await Promise.all(platforms.map((platform) => imageState(platform)));
  const missing = platforms.filter((_, index) => states[index]?.kind === "missing");
  const stale = platforms.filter((_, index) => states[index]?.kind === "stale");
  const toBuild = [...missing, ...stale];
  const build = toBuild.length > 0 && await mayBuildImages(toBuild, ctx);
  // All tools at once: a task that has installed some is started again, but only once.
  const groups: ToolGroup[] = [
    ...options.groups ?? [],
    ...platforms.length > 0 ? ["vm" as const] : [],
    ...build ? setUpGroups(toBuild) : [],
  ];
  await ensureHost(groups, ctx, {
    guestArchs: platforms.map(({ arch }) => arch),
    task: options.task,
    ...build ? { later: ["init"] } : {},
  });
  if (build) {
    await setUpImages(toBuild, ctx, options);
    return [];
  }
  if (missing[0] !== undefined && !options.mayLackImages) throw notSetUp(missing[0]);
  for (const { name } of stale) {
    ctx.log.warn(
      `The image of ${name} is older than its recipe. To rebuild it: deno task setup-images ${name}`,
    );
  }
  return missing;
}
