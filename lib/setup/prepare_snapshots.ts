import type { TaskContext } from "../cli/context.ts";
import { TaskError } from "../base/errors.ts";
import type { Platform } from "../config/platform.ts";
import { warmSeedsOf } from "../image/platform/systems.ts";
import { useImage } from "../image/platform/platform_image.ts";
import { buildGuest, findBuildHost } from "../vm/build_guest.ts";
import { startLogs } from "../base/files/log_files.ts";
import { buildShape, guestSize } from "../vm/build_machine.ts";
import { ensureSnapshot } from "../vm/warm_start.ts";

/** The state of a platform's snapshot, as `setup-images --json` prints it. */
type PreparedSnapshot = "made" | "ready" | "none";

/** Saves missing snapshots for guests of default size; a failure is no error: guests boot. */
export async function prepareSnapshots(
  platforms: readonly Platform[],
  ctx: TaskContext,
): Promise<Map<string, PreparedSnapshot>> {
  const entries = await Promise.all(platforms.map(async (platform) => {
    const { signal } = ctx;
    if (warmSeedsOf(platform) === undefined) return [platform.name, "none"] as const;
    await using image = await useImage(platform);
    const host = await findBuildHost({ platform, accelerator: "auto", signal });
    // The log is only created if there is something to do.
    await using stack = new AsyncDisposableStack();
    const request = {
      ...guestSize(platform, undefined, {}),
      ...{ platform, image, signal },
      accelerator: host.accelerator,
      network: "none" as const,
      sshPort: 0,
      bootMs: platform.timeouts.bootMs,
    };
    try {
      const shape = buildShape(request, host);
      const made = await ensureSnapshot(platform.name, shape, async (reasons) => {
        ctx.log.step(`${platform.name}: memory snapshot`);
        ctx.log.debug(reasons.join("\n"));
        const logs = stack.use(await startLogs(`setup-${platform.name}`));
        const plan = buildGuest({ ...request, logs }, host);
        return {
          // Its system has seeds for it.
          plan: { ...plan, snapshot: plan.snapshot! },
          onNote: (text) => logs.write(`== ${text}\n`),
        };
      });
      return [platform.name, made ? "made" : "ready"] as const;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TaskError)) throw error;
      ctx.log.warn(`Cannot save a snapshot of "${platform.name}", so it boots: ${error.message}`);
      return [platform.name, "none"] as const;
    }
  }));
  return new Map(entries);
}
