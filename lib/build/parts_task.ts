import type { TaskContext } from "../cli/context.ts";
import type { OptionSpec, PositionalSpec, TaskSpec } from "../cli/spec.ts";
import { ARCHS, type ArtifactName } from "../image/parts/artifact.ts";
import type { ElfArch } from "../image/elf.ts";
import type { PartResult } from "../image/parts/build_parts.ts";
import type { ToolGroup } from "../host/tool_table.ts";

/** What each part needs on the host. */
const GROUPS: Readonly<Record<ArtifactName, readonly ToolGroup[]>> = {
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

/** Which architectures a task builds for. */
export const ARCH_POSITIONAL: PositionalSpec = {
  name: "ARCH",
  help: `the guests' architecture, or all (default: the host's, ${Deno.build.arch})`,
  choices: [...ARCHS, "all"],
};

/** What every task that builds parts takes. */
export const PART_OPTIONS: readonly OptionSpec[] = [
  { name: "force", type: "boolean", help: "build even if nothing has changed" },
  { name: "explain", type: "boolean", help: "say what would be built and why, build nothing" },
];

const ENV = [{ name: "GUESTHOUSE_IMAGES", help: "folder of the parts (default: images/dist)" }];

/** The parts of a {@link TaskSpec} that tasks which build parts share. */
export const PART_SPEC: Pick<TaskSpec, "group" | "env" | "omit"> = {
  group: "image parts",
  env: ENV,
  omit: ["dry-run"],
};

/** What {@link runPartsTask} builds. */
export interface PartsTask {
  readonly parts: readonly ArtifactName[];
  /** `x86_64`, `aarch64` or `all`; the host's where none is given. */
  readonly arch: string | undefined;
  readonly fs?: "ext4" | "erofs" | undefined;
  /** The task's name and file, to start it again once tools are installed. */
  readonly task: string;
  readonly file: string;
}

/** Builds parts as a task does: tools first, then a table, the files, and one document. */
export async function runPartsTask(ctx: TaskContext, options: PartsTask): Promise<number> {
  const archs = archsOf(options.arch);
  const { parts, fs } = options;
  if (ctx.flag("explain")) return await explain(ctx, { parts, archs, fs });
  const status = await ensureTools(ctx, options, archs);
  if (status !== undefined) return status;
  const { buildParts } = await import("../image/parts/build_parts.ts");
  const rows: PartResult[] = [];
  using reports = await openReports(ctx);
  await buildParts({
    ...{ parts, archs, fs, force: ctx.flag("force"), signal: ctx.signal },
    report: (title) => reports.start(title),
    onDone(result) {
      rows.push(result);
      reports.finish(result);
    },
  });
  const { partPath } = await import("../image/parts/store.ts");
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

function archsOf(arch: string | undefined): readonly ElfArch[] {
  if (arch === "all") return ARCHS;
  return [(arch ?? Deno.build.arch) as ElfArch];
}

type Wanted = Pick<PartsTask, "parts" | "fs"> & { readonly archs: readonly ElfArch[] };

async function explain(ctx: TaskContext, { parts, archs, fs }: Wanted): Promise<number> {
  const { explainParts } = await import("../image/parts/build_parts.ts");
  const rows = await explainParts({ parts, archs, fs, signal: ctx.signal });
  for (const { title, fresh, reasons } of rows) {
    ctx.print([`${title}: ${fresh ? "up to date" : "would be built"}`, ...reasons].join("\n  "));
  }
  ctx.result({ ok: true, parts: rows });
  return 0;
}

/** Installs what is missing for parts that will be built; returns the status of a successor. */
async function ensureTools(
  ctx: TaskContext,
  { parts, task, file }: PartsTask,
  archs: readonly ElfArch[],
): Promise<number | undefined> {
  const { ARTIFACTS } = await import("../../configs/artifacts.ts");
  const { buildOrder } = await import("../image/parts/artifact.ts");
  const groups = new Set(buildOrder(ARTIFACTS, parts).flatMap(({ name }) => GROUPS[name]));
  const { ensureHost } = await import("../host/ensure_host.ts");
  const { installed } = await ensureHost([...groups], ctx, { guestArchs: archs, task });
  if (!installed) return undefined;
  const { reexec } = await import("../host/reexec.ts");
  return await reexec("parts", file, Deno.args);
}

/** A line of the live table and a log for each part that is built. */
async function openReports(ctx: TaskContext) {
  const { LiveTable } = await import("../cli/live_table.ts");
  const { tableOptions } = await import("./set_up.ts");
  const { logsDir } = await import("../host/paths.ts");
  const { join } = await import("@std/path");
  const tables = new Map<string, InstanceType<typeof LiveTable>>();
  const start = (title: string) => {
    const table = new LiveTable([title], tableOptions(ctx));
    tables.set(title, table);
    Deno.mkdirSync(logsDir(), { recursive: true });
    const log = join(logsDir(), `part-${title.replaceAll(" ", "-")}.log`);
    Deno.writeTextFileSync(log, "");
    const write = (text: string) => Deno.writeTextFileSync(log, `${text}\n`, { append: true });
    return {
      onPhase(phase: string) {
        write(`== ${phase}`);
        table.phase(title, phase);
      },
      log(line: string) {
        write(line);
        table.line(title, line);
      },
    };
  };
  return {
    start,
    finish({ title, built }: PartResult) {
      tables.get(title)?.finish(title, "pass", built ? "built" : "up to date");
    },
    [Symbol.dispose]() {
      for (const table of tables.values()) table[Symbol.dispose]();
    },
  };
}
