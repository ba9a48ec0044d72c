// Frees disk space: removes everything that is no longer needed.
//   deno task gc [--dry-run] [--limit GiB]
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { platformsDir } from "../lib/base/files/paths.ts";

export const spec = {
  name: "gc",
  group: "local CI",
  summary: "Remove everything that is no longer needed: snapshots, images, leftovers",
  description: [
    "Removes leftovers of killed tasks, everything that a new image, QEMU or key has made useless, and",
    "the least recently used snapshots and build caches beyond the limit. Nothing that is in use is",
    "removed, so other tasks may run at the same time.",
  ].join("\n"),
  options: [{
    name: "limit",
    type: "number",
    value: "GiB",
    unit: "GiB",
    min: 0,
    fraction: true,
    default: 12,
    help: "what snapshots and build caches may take together; 0 removes all that are not in use",
  }, {
    name: "dry-run",
    type: "boolean",
    help: "print what would be removed, without removing it",
  }],
  omit: ["yes"],
  examples: [
    { goal: "see what would be removed, and why", command: "deno task gc --dry-run" },
    { goal: "remove everything that can be built again", command: "deno task gc --limit 0" },
  ],
  env: [
    { name: "GUESTHOUSE_STATE", help: "directory of runs and caches (default: .guesthouse)" },
    {
      name: "GUESTHOUSE_SNAPSHOTS",
      help: "directory of snapshots (default: .guesthouse/snapshots)",
    },
    { name: "GUESTHOUSE_IMAGES", help: "directory of the images (default: images/dist)" },
  ],
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<void> {
  const { bytesText } = await import("../lib/base/text/bytes.ts");
  const { loadPlatforms } = await import("../lib/config/platform.ts");
  const { collectGarbage } = await import("../lib/cleanup/gc.ts");
  const { printRemoved, storedDocument, totalBytes } = await import("../lib/cleanup/storage.ts");
  const { removed, kept } = await collectGarbage({
    platforms: await loadPlatforms(platformsDir),
    limitBytes: ctx.opt.limit * 2 ** 30,
    dryRun: ctx.dryRun,
    signal: ctx.signal,
    onWarning: (text) => ctx.log.warn(text),
  });
  const bytesKept = totalBytes(kept);
  ctx.result({
    ok: true,
    dryRun: ctx.dryRun,
    removed: removed.map((item) => ({ ...storedDocument(item), why: item.why })),
    kept: kept.map(storedDocument),
    bytesFreed: totalBytes(removed),
    bytesKept,
  });
  printRemoved(ctx, removed, `${bytesText(bytesKept)} kept`);
}

if (import.meta.main) await runTask(spec, main);
