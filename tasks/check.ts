/** Shows what this host can do and what is missing: `deno task check [--install]`.
 */
import { renderTable } from "../lib/base/terminal/table.ts";
import { type ContextOf, runTask, type TaskSpec } from "../lib/cli/task.ts";
import { ARCH } from "../lib/config/archs.ts";
import type { ArchReport, HostReport } from "../lib/host/accelerator/host_report.ts";
import {
  groupsForTask,
  TOOL_GROUPS,
  TOOL_TASKS,
  type ToolGroup,
} from "../lib/host/tools/tool_table.ts";
import type { ToolVerdict } from "../lib/host/tools/tools.ts";

/** The task as its command line sees it. */
export const spec = {
  name: "check",
  summary: "Show what this host can do, and what is missing",
  description:
    `Shows the host, each tool with its version, UEFI firmware, and which accelerator guests use.
Accelerators are tested: each boots a few bytes of 64-bit code.`,
  options: [
    { name: "install", type: "boolean", help: "install missing tools; asks first" },
    {
      name: "for",
      type: "string",
      repeat: true,
      value: "TASK",
      help: "only the tools of this task, or in this group of tools",
      choices: [...new Set([...TOOL_TASKS, ...TOOL_GROUPS])],
    },
  ],
  examples: [
    { goal: "See whether this host is ready", command: "deno task check" },
    { goal: "Install all missing tools", command: "deno task check --install --yes" },
    {
      goal: "See the commands that would install what one task needs",
      command: "deno task check --install --for build-vm --dry-run",
    },
  ],
  runs: `each tool with --version or similar
qemu-system-ARCH -accel kvm|hvf -cpu host ... (for a moment, without disk or network)
apt-get install, through sudo if needed, or brew install`,
  group: "host",
} as const satisfies TaskSpec;

async function main(ctx: ContextOf<typeof spec>): Promise<number | void> {
  const groups = wantedGroups(ctx.opt.for, Deno.build.os === "darwin" ? "darwin" : "linux");
  const { ensureHost, missingToolsError } = await import("../lib/host/tools/ensure_host.ts");
  if (ctx.opt.install || ctx.dryRun) {
    await ensureHost(groups, ctx, { task: ctx.opt.for });
    if (ctx.dryRun) return;
  }
  const { hostReport } = await import("../lib/host/accelerator/host_report.ts");
  const { rsyncWarning } = await import("../lib/host/tools/rsync_risk.ts");
  ctx.log.step("Try the accelerators");
  const report = await hostReport({ groups, signal: ctx.signal });
  ctx.result(toDocument(report));
  if (!ctx.json) ctx.print(render(report));
  const rsync = report.tools.find(({ tool }) => tool.name === "rsync");
  const warning = rsync && await rsyncWarning(rsync, { signal: ctx.signal });
  if (warning !== undefined) ctx.log.warn(warning);
  const wanting = report.tools.filter(({ status }) => status !== "ok");
  if (wanting.length > 0) throw missingToolsError(wanting, report.plan, ctx.opt.for);
}

/** The default: what the first command of the README needs. */
function wantedGroups(names: readonly string[], os: "linux" | "darwin"): ToolGroup[] {
  const wanted = names.length === 0 ? ["build-all"] : names;
  return [
    ...new Set(
      wanted.flatMap((name) =>
        TOOL_TASKS.includes(name)
          ? groupsForTask(name, os)
          : TOOL_GROUPS.filter((group) => group === name)
      ),
    ),
  ];
}

function toDocument({ facts, freeDiskBytes, tools, archs, plan }: HostReport): unknown {
  return {
    ok: tools.every(({ status }) => status === "ok"),
    host: { ...facts, freeDiskBytes },
    tools: tools.map(({ tool, status, version, path }) => ({
      name: tool.name,
      groups: tool.groups,
      purpose: tool.purpose,
      status,
      version,
      minimum: tool.minimum,
      path,
    })),
    guests: archs.map(({ arch, accelerator, firmware }) => ({ arch, ...accelerator, firmware })),
    install: {
      commands: plan.commands,
      text: plan.text,
      automatic: plan.automatic,
      unavailable: plan.unavailable,
    },
  };
}

function render({ facts, freeDiskBytes, tools, archs, plan }: HostReport): string {
  const gib = (mebibytes: number) => `${(mebibytes / 1024).toFixed(1)} GiB`;
  const host = [
    ["system", `${facts.distro}, ${facts.arch}`],
    ["processor", `${facts.cpuModel}, ${facts.cores} cores`],
    ["memory", `${gib(facts.memoryMiB)}, ${gib(facts.availableMemoryMiB)} of it available`],
    ["free disk", gib(freeDiskBytes / 1024 ** 2)],
    ["packages", facts.packageManager ?? "no package manager that guesthouse supports"],
  ];
  const install = plan.text === "" ? [] : ["", "To install what is missing:", `  ${plan.text}`];
  return [
    "Host",
    renderTable(host, { indent: "  " }),
    "",
    "Tools",
    renderTable([["tool", "version", "at least", "", "what for"], ...tools.map(toolRow)], {
      indent: "  ",
    }),
    "",
    "Accelerators",
    renderTable(archs.map(acceleratorRow), { indent: "  " }),
    "",
    "UEFI firmware (only downloaded images need it)",
    renderTable(archs.flatMap(firmwareRow), { indent: "  " }),
    ...install,
  ].join("\n");
}

function toolRow({ tool, status, version }: ToolVerdict): string[] {
  return [tool.name, version ?? "", tool.minimum ?? "", status, tool.purpose];
}

function acceleratorRow({ arch, accelerator }: ArchReport): string[] {
  if (accelerator === undefined) return [arch, "unknown", `${ARCH[arch].qemu.system} is missing`];
  const remedy = accelerator.tried.find(({ next }) => next !== undefined)?.next;
  const hint = remedy === undefined ? "" : `; next: ${remedy}`;
  return [arch, accelerator.accelerator, `${accelerator.reason}${hint}`];
}

function firmwareRow({ arch, firmware }: ArchReport): string[][] {
  const possible = ARCH[arch].firmware;
  if (possible === undefined) return [];
  return [[arch, firmware?.code ?? `not found; packages: ${possible.packages}`]];
}

if (import.meta.main) await runTask(spec, main);
