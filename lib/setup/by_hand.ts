import type { TaskContext } from "../cli/context.ts";
import { GuestError, UsageError } from "../base/errors.ts";
import { denoTaskText } from "../base/process/deno_task.ts";
import type { Platform } from "../config/platform.ts";
import { attachConsole } from "../guest/attach_console.ts";
import { imageState } from "../image/platform/platform_image.ts";
import { systemOf } from "../image/platform/systems.ts";
import { setUpImages } from "./set_up.ts";

/**
 * Boots a platform's disk on this terminal and, once the user has turned it off, makes it the image,
 * if it then answers as every guest must. It starts from the image, or else from the publisher's
 * disk. Throws {@link UsageError} for a platform or a terminal with which that is impossible.
 */
export async function provisionByHand(
  platform: Platform,
  ctx: TaskContext,
): ReturnType<typeof setUpImages> {
  const { name } = platform;
  if (systemOf(platform).boot === "kernel") {
    throw new UsageError(`Cannot set up "${name}" by hand: its image is made from packages`, {
      next: denoTaskText("setup-images", [name]),
    });
  }
  if (!ctx.interactive && !ctx.dryRun) {
    throw new UsageError(`Cannot set up "${name}" by hand: there is no terminal`, {
      details: ["its console needs one, and --json leaves none"],
      next: denoTaskText("setup-images", [name]),
    });
  }
  const state = await imageState(platform);
  return await setUpImages([platform], ctx, {
    force: true,
    byHand: {
      from: state.kind === "missing" ? undefined : state.image.disk,
      async change({ consoleSocket, consoleLog, exited }) {
        ctx.log.info(
          "This is its serial console. Shut it down (shutdown -p now) to keep what you change; " +
            "Ctrl-] discards it.",
        );
        const how = await attachConsole({
          ...{ path: consoleSocket, log: consoleLog, fromByte: 0, exited, signal: ctx.signal },
        });
        ctx.signal.throwIfAborted();
        if (how === "ended") return;
        throw new GuestError(`Cannot keep what was changed in "${name}": it was still running`, {
          details: ["its image is as it was"],
          next: `${denoTaskText("provision-manual", [name])}, and shut it down there`,
        });
      },
    },
  });
}
