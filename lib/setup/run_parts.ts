import type { TaskContext } from "../cli/context.ts";
import { type Arch, MICRO_ARCHS } from "../config/archs.ts";
import type { ToolGroup } from "../host/tools/tool_table.ts";
import { type FileSystem, type PartName } from "../config/parts.ts";
import type { PartResult } from "../image/parts/build_parts.ts";

/** What each part needs on the host. */
const GROUPS: Readonly<Record<PartName, readonly ToolGroup[]>> = {
  "guest-agent": ["rust"],
  "tiny-init": ["rust"],
  "kernel": ["parts"],
  "micro-kernel": ["parts", "kernel"],
  "initramfs": ["parts"],
  "micro-initramfs": [],
  "raw": ["image", "binfmt", "parts"],
  "python": ["image", "binfmt", "parts"],
  "node": ["image", "binfmt", "parts"],
};

interface PartsRequest {
  readonly parts: readonly PartName[];
  /** The file system of disks. Default: ext4. */
  readonly fs?: FileSystem;
  /** Default: the host's. */
  readonly arch: Arch | "all" | undefined;
  readonly task: string;
}

/** Builds parts for a task: installs tools, then shows a table, the files, and one document. */
export async function runPartsTask(
  ctx: TaskContext<{ readonly force: boolean; readonly explain: boolean }>,
  request: PartsRequest,
): Promise<number> {
  const { parts, fs, arch = Deno.build.arch } = request;
  const archs = arch === "all" ? MICRO_ARCHS : [arch];
  if (ctx.opt.explain) return await explain(ctx, request, archs);
  await ensureTools(ctx, request, archs);
  const { buildParts, partTitles } = await import("../image/parts/build_parts.ts");
  const { PartReports } = await import("./part_reports.ts");
  const rows: PartResult[] = [];
  using reports = new PartReports(ctx, partTitles(parts, archs));
  await buildParts({
    ...{ parts, archs, fs, force: ctx.opt.force, signal: ctx.signal },
    reporting: (title, build) => reports.reporting(title, build),
    onDone(result) {
      rows.push(result);
      reports.finish(result);
    },
  });
  const { partPath } = await import("../image/parts/part_store.ts");
  ctx.result({
    ok: true,
    parts: rows.map(({ name, arch, built, reasons, files, seconds }) => ({
      ...{ name, arch, built, reasons, seconds: Math.round(seconds * 1000) / 1000 },
      files: files.map(partPath),
    })),
  });
  if (rows.every(({ built }) => !built)) ctx.print(`${rows.length} parts are up to date`);
  return 0;
}

async function explain(
  ctx: TaskContext,
  { parts, fs }: PartsRequest,
  archs: readonly Arch[],
): Promise<number> {
  const { explainParts } = await import("../image/parts/build_parts.ts");
  const rows = await explainParts({ parts, archs, fs, signal: ctx.signal });
  for (const { title, fresh, reasons } of rows) {
    ctx.print([`${title}: ${fresh ? "up to date" : "would be built"}`, ...reasons].join("\n  "));
  }
  ctx.result({ ok: true, parts: rows });
  return 0;
}

/** Installs what is missing for parts that will be built. */
async function ensureTools(
  ctx: TaskContext,
  { parts, task }: PartsRequest,
  archs: readonly Arch[],
): Promise<void> {
  const { PARTS } = await import("../config/parts.ts");
  const { buildOrder } = await import("../config/parts.ts");
  const groups = new Set(buildOrder(PARTS, parts).flatMap(({ name }) => GROUPS[name]));
  const { ensureHost } = await import("../host/tools/ensure_host.ts");
  await ensureHost([...groups], ctx, { guestArchs: archs, task });
}
