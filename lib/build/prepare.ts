import type { TaskContext } from "../cli/context.ts";
import type { Platform } from "../config/platform.ts";
import { ensureHost } from "../host/ensure_host.ts";
import { reexec } from "../host/reexec.ts";
import { imageState } from "../image/image.ts";
import {
  mayBuildImages,
  notSetUp,
  SET_UP_GROUPS,
  setUpImages,
  type SetUpOptions,
} from "./set_up.ts";

/** Whether guests can be started now, or a successor of this task has done its work. */
export type Prepared =
  | { readonly kind: "ready" }
  | { readonly kind: "reexecuted"; readonly status: number };

/**
 * Makes sure that guests of these platforms can be started: tools and images. What is missing is
 * set up with `--yes`, or when a person at the terminal agrees; else it is an error with the
 * command to run. An image whose recipe has changed is built anew under the same rule, and used as
 * it is otherwise.
 */
export async function prepareGuests(
  platforms: readonly Platform[],
  ctx: TaskContext,
  options: SetUpOptions & { readonly task: string },
): Promise<Prepared> {
  const states = await Promise.all(platforms.map((platform) => imageState(platform)));
  const missing = platforms.filter((_, index) => states[index]?.kind === "missing");
  const stale = platforms.filter((_, index) => states[index]?.kind === "stale");
  const toBuild = [...missing, ...stale];
  const build = toBuild.length > 0 && await mayBuildImages(toBuild, ctx);
  // All tools at once: a task that has installed some is started again, and that only once.
  const { installed } = await ensureHost(build ? ["vm", ...SET_UP_GROUPS] : ["vm"], ctx, {
    guestArchs: platforms.map(({ arch }) => arch),
    task: options.task,
  });
  if (installed) {
    const { permissionSet, file } = options.again;
    return { kind: "reexecuted", status: await reexec(permissionSet, file, Deno.args) };
  }
  if (!build) {
    const [first] = missing;
    if (first !== undefined) throw notSetUp(first);
    for (const { name } of stale) {
      ctx.log.warn(
        `The image of ${name} is older than its recipe. To renew it: deno task setup-images ${name}`,
      );
    }
    return { kind: "ready" };
  }
  const outcome = await setUpImages(toBuild, ctx, options);
  return outcome.kind === "reexecuted" ? outcome : { kind: "ready" };
}
