// Builds the guests' images from Debian packages.
//   deno task setup-images [PLATFORM...]
import { runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";
import { platformsPositional } from "../lib/build/common_options.ts";
import { platformsDir } from "../lib/host/paths.ts";

export const spec: TaskSpec = {
  name: "setup-images",
  group: "local CI",
  summary: "Build the guests' images from Debian packages",
  description: [
    "An image is built when there is none or when its recipe has changed, and then kept: a second",
    "run returns at once. It may be interrupted at any time; what was done is taken up again.",
  ].join("\n"),
  positionals: [platformsPositional("the platforms to set up (default: all)")],
  options: [
    { name: "force", type: "boolean", help: "build even if the recipe has not changed" },
    { name: "explain", type: "boolean", help: "say what would be built and why, build nothing" },
  ],
  examples: [
    { goal: "set up every platform", command: "deno task setup-images --yes" },
    { goal: "replace a damaged image", command: "deno task setup-images debian-amd64 --force" },
    { goal: "see which input has changed", command: "deno task setup-images --explain" },
  ],
  runs: "mmdebstrap, tar, mke2fs -d, qemu-img convert",
  env: [
    { name: "GUESTHOUSE_IMAGES", help: "folder of the images (default: images/dist)" },
    { name: "GUESTHOUSE_STATE", help: "folder of locks and verdicts (default: .guesthouse)" },
  ],
};

async function main(ctx: TaskContext): Promise<number> {
  const { loadPlatforms } = await import("../lib/config/platform.ts");
  const { imageState } = await import("../lib/image/image.ts");
  const { setUpImages } = await import("../lib/build/set_up.ts");
  const all = await loadPlatforms(platformsDir);
  const wanted = ctx.positionals.length === 0
    ? all
    : all.filter(({ name }) => ctx.positionals.includes(name));
  if (ctx.flag("explain")) {
    const rows = await Promise.all(wanted.map(async (platform) => {
      const state = await imageState(platform);
      return {
        name: platform.name,
        state: state.kind,
        reasons: state.kind === "ready" ? [] : state.reasons,
      };
    }));
    for (const { name, state, reasons } of rows) {
      ctx.print([`${name}: ${state}`, ...reasons].join("\n  "));
    }
    ctx.result({ ok: true, images: rows });
    return 0;
  }
  const outcome = await setUpImages(wanted, ctx, {
    force: ctx.flag("force"),
    again: { permissionSet: "image", file: import.meta.url },
  });
  if (outcome.kind === "reexecuted") return outcome.status;
  ctx.result({ ok: true, images: outcome.images });
  return 0;
}

if (import.meta.main) await runTask(spec, main);
