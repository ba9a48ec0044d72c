import type { TaskContext } from "../../cli/context.ts";
import { HostError } from "../../base/errors.ts";
import { denoTaskText } from "../../base/process/deno_task.ts";
import type { InstallOptions, InstallPlan } from "./install.ts";
import { isReexecuted, reexec } from "../../base/process/reexec.ts";
import { IMAGE_GROUPS } from "./tool_table.ts";
import {
  checkTools,
  describeVerdict,
  type ToolGroup,
  type ToolQuery,
  type ToolVerdict,
} from "./tools.ts";

export type EnsureContext = Pick<
  TaskContext,
  "yes" | "interactive" | "dryRun" | "signal" | "log" | "print"
>;

/** Which tools, and for which tasks. */
interface EnsureOptions extends ToolQuery {
  /** What to name in the command that installs the tools, instead of the groups. */
  readonly task?: string | readonly string[];
  /** Groups that the task installs beside its work; a user who must install is told at once. */
  readonly later?: readonly ToolGroup[];
  /** Whether they are installed beside other work, so that a task that was started again may. */
  readonly aside?: boolean;
}

/**
 * Ensures the tools of these groups: installs missing ones with `--yes` or the user's consent; only
 * prints commands under `--dry-run`. Does not return after installing: the task is started again by
 * {@link reexec}, as its permissions do not cover new programs.
 *
 * @throws {HostError} whose next step is the one command that installs what is missing
 */
export async function ensureHost(
  groups: readonly ToolGroup[],
  ctx: EnsureContext,
  options: EnsureOptions = {},
): Promise<void> {
  const found = await findInstall(groups, ctx, options);
  if (found === undefined) return;
  ctx.log.step(found.title);
  await found.install(ctx);
  await reexec();
}

/** An installation that may begin. */
export interface Installation {
  /** What it installs. */
  readonly title: string;
  /** Carries it out. Throws {@link HostError} if the tools are still missing afterwards. */
  install(options: InstallOptions): Promise<void>;
}

/**
 * As {@link ensureHost}, but the caller installs during other work; `undefined` if nothing is
 * missing. Without a restart, a task can run new programs only by absolute paths in its
 * permissions.
 */
export async function findInstall(
  groups: readonly ToolGroup[],
  ctx: EnsureContext,
  options: EnsureOptions = {},
): Promise<Installation | undefined> {
  const wanting = await wantingTools(groups, options);
  if (wanting.length === 0) return undefined;
  if (isReexecuted() && !options.aside) throw stillWantingError(wanting);
  // Loaded only if something is missing, which is rare.
  const { install, planInstall } = await import("./installer.ts");
  const { plan } = await planInstall(wanting);
  if (ctx.dryRun) {
    if (plan.text !== "") ctx.print(plan.text);
    return undefined;
  }
  const names = [options.task ?? groups].flat();
  if (plan.unavailable.length > 0 || !plan.automatic || !await mayInstall(wanting, plan, ctx)) {
    const later = options.later === undefined ? [] : await wantingTools(options.later, options);
    const all = [...wanting, ...later];
    throw missingToolsError(all, later.length > 0 ? (await planInstall(all)).plan : plan, names);
  }
  return {
    title: `Install ${wanting.map(({ tool }) => tool.name).join(", ")}`,
    async install(installOptions) {
      await install(wanting, installOptions);
      const lost = await wantingTools(groups, { ...options, skipVersions: true });
      if (lost.length > 0) throw stillWantingError(lost);
    },
  };
}

async function wantingTools(
  groups: readonly ToolGroup[],
  query: ToolQuery,
): Promise<ToolVerdict[]> {
  return (await checkTools(groups, query)).filter(({ status }) => status !== "ok");
}

async function mayInstall(
  wanting: readonly ToolVerdict[],
  plan: InstallPlan,
  ctx: EnsureContext,
): Promise<boolean> {
  if (ctx.yes) return true;
  if (!ctx.interactive) return false;
  const { confirm } = await import("../../cli/prompt.ts");
  for (const verdict of wanting) ctx.log.info(describeVerdict(verdict));
  ctx.log.info(`This installs what is missing: ${plan.text}`);
  return await confirm("Install it now?", ctx);
}

/** The error for missing tools; `names` are tasks or groups for its next step. */
export function missingToolsError(
  wanting: readonly ToolVerdict[],
  plan: InstallPlan,
  names: readonly string[],
): HostError {
  const lacking = wanting.map(({ tool }) => tool.name).join(", ");
  return new HostError(`Cannot continue: this host lacks ${lacking}`, {
    details: wanting.map((verdict) =>
      plan.unavailable.includes(verdict.tool.name)
        ? `${describeVerdict(verdict)}; no package for this host is known`
        : describeVerdict(verdict)
    ),
    next: nextStep(wanting, plan, names),
  });
}

function nextStep(
  wanting: readonly ToolVerdict[],
  { unavailable, automatic, text }: InstallPlan,
  names: readonly string[],
): string {
  const lost = wanting.filter(({ tool }) => unavailable.includes(tool.name));
  if (lost.some(({ tool }) => tool.groups.every((group) => IMAGE_GROUPS.includes(group)))) {
    return "build the images on Debian or Ubuntu (deno task setup-images), and copy the directory " +
      "images/dist from there";
  }
  if (lost.length > 0) return `install by hand: ${lost.map(({ tool }) => tool.name).join(", ")}`;
  if (!automatic) return text;
  return denoTaskText("check", [
    "--install",
    ...names.flatMap((name) => ["--for", name]),
    "--yes",
  ]);
}

function stillWantingError(left: readonly ToolVerdict[]): HostError {
  const names = left.map(({ tool }) => tool.name);
  return new HostError(
    `Cannot continue: ${names.join(", ")} would not become usable by installing packages`,
    {
      details: left.map(describeVerdict),
      next: "upgrade the host's operating system, or put a newer version first on PATH",
    },
  );
}
