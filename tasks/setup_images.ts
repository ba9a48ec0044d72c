// Makes the guests' images, from Debian packages or from those of their publishers.
//   deno task setup-images [PLATFORM...]
import { type ContextOf, runTask, type TaskContext, type TaskSpec } from "../lib/cli/task.ts";
import { platformsPositional } from "../lib/image/parts/common_options.ts";
import { UsageError } from "../lib/base/errors.ts";
import type { DownloadHow } from "../lib/image/disk/downloads.ts";
import { callersDir } from "../lib/cli/output_path.ts";
import { resolve } from "@std/path";
import type { Platform } from "../lib/config/platform.ts";
import { platformsDir } from "../lib/base/files/paths.ts";

export const spec = {
  name: "setup-images",
  group: "local CI",
  summary: "Make the guests' images, from packages or from their publishers",
  description: [
    "Builds an image if there is none or its recipe has changed; otherwise the task returns at once.",
    "An image that is downloaded, such as linux-amd64, is verified and then pinned; name its platform.",
    "Each image is then booted once and its memory saved, so that its guests start in a second. It can",
    "be interrupted at any time; the next run resumes.",
  ].join("\n"),
  positionals: [
    platformsPositional("the platforms to set up (default: the common ones)"),
  ],
  options: [
    { name: "all", type: "boolean", help: "set up every platform" },
    { name: "force", type: "boolean", help: "build even if the recipe has not changed" },
    {
      name: "no-snapshots",
      type: "boolean",
      help: "build images only; a guest's first start then saves its memory snapshot",
    },
    {
      name: "explain",
      type: "boolean",
      help: "print what would be built and why, without building",
    },
    {
      name: "from",
      type: "string",
      value: "FILE",
      help: "use this file for the download of a single platform; its checksum must be the same",
    },
    { name: "offline", type: "boolean", help: "download nothing; fail where that is needed" },
    {
      name: "update",
      type: "boolean",
      help: "ask the publishers for newer images, and pin those (configs/images.lock.json)",
    },
  ],
  conflicts: [{ between: ["PLATFORM", "all"] }],
  examples: [
    { goal: "set up the common platforms", command: "deno task setup-images --yes" },
    { goal: "set up every platform", command: "deno task setup-images --all --yes" },
    { goal: "replace a damaged image", command: "deno task setup-images debian-amd64 --force" },
    {
      goal: "use an image that was downloaded elsewhere",
      command: "deno task setup-images linux-amd64 --from ~/ubuntu.img",
    },
    { goal: "see which input has changed", command: "deno task setup-images --explain" },
  ],
  runs: "mmdebstrap, cargo build, tar, mke2fs -d, qemu-img convert, xorriso, qemu-system-*",
  env: [
    { name: "GUESTHOUSE_IMAGES", help: "directory of the images (default: images/dist)" },
    { name: "GUESTHOUSE_STATE", help: "directory of locks and verdicts (default: .guesthouse)" },
  ],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number> {
  const { isCommon, loadPlatforms } = await import("../lib/config/platform.ts");
  const { imageState } = await import("../lib/image/platform/platform_image.ts");
  const { setUpImages } = await import("../lib/setup/set_up.ts");
  const all = await loadPlatforms(platformsDir);
  const wanted = ctx.opt.all
    ? all
    : ctx.positionals.length === 0
    ? all.filter(isCommon)
    : all.filter(({ name }) => ctx.positionals.includes(name));
  if (ctx.opt.explain) {
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
  const built = await setUpImages(wanted, ctx, {
    force: ctx.opt.force,
    download: downloadHow(wanted, ctx),
  });
  if (ctx.dryRun) return 0;
  const snapshots = ctx.opt.noSnapshots ? new Map() : await snapshotsOf(wanted, built, ctx);
  const images = built.map((image) => ({
    ...image,
    snapshot: snapshots.get(image.name) ?? "none",
  }));
  ctx.result({ ok: true, images });
  return 0;
}

/** How downloads are come by. A file is one platform's. */
function downloadHow(
  wanted: readonly Platform[],
  { opt: { from, offline, update } }: ContextOf<typeof spec>,
): DownloadHow {
  if (from === undefined) return { offline, update };
  const [platform, ...others] = wanted;
  if (platform === undefined || others.length > 0 || !("source" in platform.image)) {
    throw new UsageError("Cannot use --from: it is for one platform whose image is downloaded", {
      details: [`platforms: ${wanted.map(({ name }) => name).join(", ")}`],
      next: "deno task setup-images linux-amd64 --from FILE",
    });
  }
  return { from: resolve(callersDir(), from), offline, update };
}

/** Saves missing snapshots; the code for it is only loaded if there are any. */
async function snapshotsOf(
  platforms: readonly Platform[],
  images: readonly { readonly name: string; readonly digest: string }[],
  ctx: TaskContext,
): Promise<Map<string, string>> {
  const { haveSnapshotWith } = await import("../lib/vm/snapshots.ts");
  const states = new Map<string, string>();
  for (const { name, digest } of images) {
    if (await haveSnapshotWith(name, { name: "image", value: digest })) states.set(name, "ready");
  }
  const missing = platforms.filter(({ name }) => !states.has(name));
  if (missing.length === 0) return states;
  const { prepareSnapshots } = await import("../lib/setup/prepare_snapshots.ts");
  return new Map([...states, ...await prepareSnapshots(missing, ctx)]);
}

if (import.meta.main) await runTask(spec, main);
