import type { TaskContext } from "../cli/context.ts";
import { HostError } from "../base/errors.ts";
import { LiveTable } from "../base/terminal/live_table.ts";
import type { Platform } from "../config/platform.ts";
import { commandText } from "../base/text/command_text.ts";
import { denoTaskText } from "../base/process/deno_task.ts";
import { requireFirmware } from "../host/firmware.ts";
import { ensureHost, findInstall, type Installation } from "../host/tools/ensure_host.ts";
import type { ByHand } from "./build_guests.ts";
import { explainFullDisk } from "../base/files/full_disk.ts";
import type { ToolGroup } from "../host/tools/tool_table.ts";
import { type Image, imageState } from "../image/platform/platform_image.ts";
import type { DownloadHow } from "../image/disk/downloads.ts";
import type { BuildGuests } from "../image/system/guest_system.ts";
import { systemOf } from "../image/platform/systems.ts";
import { startClock } from "../base/time/clock.ts";
import { type LogFiles, startLogs } from "../base/files/log_files.ts";

/** The tools for building platforms' images, in addition to those for guests. */
export const setUpGroups = (platforms: readonly Platform[]): readonly ToolGroup[] => [
  ...new Set(platforms.flatMap((platform) => systemOf(platform).tools)),
];

/** One image as `setup-images --json` prints it. */
interface SetUpImage {
  readonly name: string;
  readonly built: boolean;
  /** The key of the recipe that it was built from. */
  readonly key: string;
  /** The digest of its contents. */
  readonly digest: string;
  readonly seconds: number;
  readonly reasons: readonly string[];
}

/** How {@link setUpImages} works. */
export interface SetUpOptions {
  readonly force?: boolean;
  readonly download?: DownloadHow;
  /** Has the user set a guest up at its console, instead of our scripts. */
  readonly byHand?: ByHand;
}

/** Ensures that the platforms' images are built. Does not return after installing tools. */
export async function setUpImages(
  platforms: readonly Platform[],
  ctx: TaskContext,
  options: SetUpOptions = {},
): Promise<readonly SetUpImage[]> {
  const states = await Promise.all(platforms.map((platform) => imageState(platform)));
  // What is pinned is no input of a recipe: the first build takes the pin.
  const isForced = ({ image }: Platform) =>
    options.force || options.download?.update === true && "source" in image;
  const toBuild = platforms.filter((platform, index) =>
    isForced(platform) || states[index]?.kind !== "ready"
  );
  if (toBuild.length > 0) {
    await ensureHost([...setUpGroups(toBuild), "vm"], ctx, {
      guestArchs: toBuild.map(({ arch }) => arch),
      task: "setup-images",
      later: ["init"],
    });
  }
  const withInit = toBuild.filter((platform) => systemOf(platform).boot === "kernel");
  const compiler = withInit.length === 0 ? undefined : await findInstall(["init"], ctx, {
    guestArchs: withInit.map(({ arch }) => arch),
    task: "setup-images",
    aside: true,
  });
  if (ctx.dryRun) {
    for (const platform of toBuild) printCommands(platform, ctx, options.download);
    return [];
  }
  const rows = [...compiler === undefined ? [] : [COMPILER], ...toBuild.map(({ name }) => name)];
  // The terminal is the guest's then.
  const quiet = options.byHand === undefined ? ctx : { ...ctx, quiet: true };
  using table = new LiveTable(rows, tableOptions(quiet));
  // It takes as long as the host's other tools did, and is not needed until the packages are
  // installed.
  const installing = compiler && installAside(compiler, table, ctx);
  // Its failure is reported by the images that need it.
  installing?.catch(() => {});
  const warnings: string[] = [];
  // All at the same time: building one takes a core for minutes but little memory, and on a machine
  // with more cores they should not wait for each other.
  // Only now: guests that start from a finished image do without it.
  const { ensureImage } = await import(
    "../image/platform/build_image.ts" as string
  ) as typeof import("../image/platform/build_image.ts");
  const settled = await Promise.allSettled(platforms.map(async (platform) => {
    const clock = startClock();
    if (!toBuild.includes(platform)) {
      const { image } = await ensureImage(platform, silent(ctx));
      return { name: platform.name, built: false, ...keysOf(image), seconds: clock(), reasons: [] };
    }
    await using log = await startLogs(`setup-${platform.name}`);
    let current = "";
    try {
      const { image, built, reasons } = await ensureImage(platform, {
        signal: ctx.signal,
        force: isForced(platform),
        download: options.download,
        compiler: installing,
        guests: await guestsFor(platform, log, ctx, options),
        onPhase: (phase) => {
          current = phase;
          log.write(`== ${phase}\n`);
          table.phase(platform.name, phase);
        },
        log: (line) => {
          log.output(`${line}\n`);
          table.line(platform.name, line);
        },
        warn: (line) => warnings.push(line),
      });
      table.finish(platform.name, "pass", built ? "built" : "up to date");
      return { name: platform.name, built, ...keysOf(image), seconds: clock(), reasons };
    } catch (error) {
      table.finish(platform.name, "error", `see ${log.build}`);
      // Only the first boot has a guest, whose messages may be about its own disk.
      const onHost = current !== "first boot";
      throw await explainFullDisk(error, `build image "${platform.name}"`, { onHost });
    }
  }));
  // Even if the images failed: apt must finish what it has begun.
  await installing?.catch(() => {});
  ctx.signal.throwIfAborted();
  for (const warning of warnings) ctx.log.warn(warning);
  const failed = settled.filter((result) => result.status === "rejected");
  if (failed.length > 0) throw failed[0]?.reason;
  return settled.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
}

/** Guests to make an image in, for systems that need one; the code for it is only loaded then. */
async function guestsFor(
  platform: Platform,
  logs: LogFiles,
  { signal }: TaskContext,
  { byHand }: SetUpOptions,
): Promise<BuildGuests | undefined> {
  const { boot } = systemOf(platform);
  if (boot === "kernel") return undefined;
  // Before a long download.
  if (boot === "uefi") await requireFirmware(platform.arch, platform.name);
  const { buildGuests } = await import(
    "./build_guests.ts" as string
  ) as typeof import("./build_guests.ts");
  return buildGuests({ platform, accelerator: "auto", logs, signal, byHand });
}

/** The row of the table for the installation of a compiler. */
const COMPILER = "compiler";

async function installAside(
  { install }: Installation,
  table: LiveTable,
  { signal }: TaskContext,
): Promise<void> {
  table.phase(COMPILER, "install");
  const show = (line: string) => table.line(COMPILER, line);
  try {
    await install({ signal, isPatient: true, log: { info: show, debug: show } });
    table.finish(COMPILER, "pass", "installed");
  } catch (error) {
    table.finish(COMPILER, "error", "the images cannot be built without it");
    throw error;
  }
}

/** Whether images may be built: with `--yes`, or if the user agrees. */
export async function mayBuildImages(
  platforms: readonly Platform[],
  ctx: TaskContext,
): Promise<boolean> {
  if (ctx.yes) return true;
  if (!ctx.interactive) return false;
  const { confirm } = await import("../cli/prompt.ts");
  const names = platforms.map(({ name }) => name).join(", ");
  return await confirm(`Build the images of ${names}? It takes some minutes.`, ctx);
}

/** Why a named platform cannot be used yet. */
export function notSetUp(platform: Platform): HostError {
  return new HostError(`Cannot start guest "${platform.name}": its image is not set up`, {
    next: `deno task setup-images ${platform.name} --yes`,
  });
}

const keysOf = ({ key, digest }: Image) => ({ key, digest });

function silent(ctx: TaskContext) {
  return { signal: ctx.signal, onPhase: () => {}, log: () => {} };
}

/** A live table, unless only errors are wanted. */
export function tableOptions(ctx: Pick<TaskContext, "quiet">) {
  return ctx.quiet ? { terminal: false, write: () => {} } : {};
}

function printCommands(platform: Platform, ctx: TaskContext, how?: DownloadHow): void {
  const { boot, dryRun } = systemOf(platform);
  const { root, disk } = dryRun(platform, how);
  for (const command of root) ctx.print(commandText(command));
  if (boot === "kernel") ctx.print(denoTaskText("build-tiny-init", [platform.arch]));
  for (const command of disk) ctx.print(commandText(command));
}
