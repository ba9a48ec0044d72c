import { HostError } from "../../base/errors.ts";
import { type HostKind, parseOsRelease, thisHost } from "../facts.ts";
import { findProgram, type FoundProgram } from "../../base/process/find_program.ts";
import { type Arch, MICRO_ARCHS } from "../../config/archs.ts";
import { $ } from "../../base/process/dollar.ts";
import { type Tool, type ToolGroup, type ToolNeed, TOOLS } from "./tool_table.ts";
import { isRecord, readVerdict, writeVerdict } from "../../base/files/verdict_cache.ts";
import { compareVersions, parseVersion } from "../../base/versions.ts";

export type { ToolGroup } from "./tool_table.ts";

export interface ToolVerdict {
  readonly tool: Tool;
  /** `broken`: it exists, but cannot print its version. */
  readonly status: "ok" | "missing" | "too old" | "broken";
  readonly path?: string;
  readonly version?: string;
}

export interface ToolQuery {
  /** The guests to build or boot. Default: the architectures that microVMs run on. */
  readonly guestArchs?: readonly Arch[];
  /** Default: the host that the task runs on. */
  readonly host?: HostKind;
  /** As the variable `PATH`, which is its default. */
  readonly searchPath?: string;
  /** Run nothing: every tool that exists counts as working. */
  readonly skipVersions?: boolean;
}

/** The tools that these groups need in these circumstances, each once. */
export function toolsFor(groups: readonly ToolGroup[], need: ToolNeed): Tool[] {
  return TOOLS.filter((tool) =>
    tool.groups.some((group) => groups.includes(group)) && (tool.neededIf?.(need) ?? true)
  );
}

/** The facts about the host that decide which tools are needed; far cheaper than all facts. */
export async function toolNeed(
  guestArchs?: readonly Arch[],
  { os, arch }: HostKind = thisHost(),
): Promise<ToolNeed> {
  const release = os === "linux" ? await Deno.readTextFile("/etc/os-release").catch(() => "") : "";
  return {
    ...{ os, arch },
    distroId: os === "linux" ? parseOsRelease(release).id : "macos",
    isRoot: Deno.uid() === 0,
    guestArchs: guestArchs ?? MICRO_ARCHS,
  };
}

/** Looks for the tools of these groups, with versions remembered until a file changes. */
export async function checkTools(
  groups: readonly ToolGroup[],
  query: ToolQuery = {},
): Promise<ToolVerdict[]> {
  const tools = toolsFor(groups, await toolNeed(query.guestArchs, query.host));
  const memory = await readVersionMemory();
  const before = JSON.stringify(memory);
  const verdicts = await Promise.all(tools.map((tool) => checkTool(tool, memory, query)));
  if (JSON.stringify(memory) !== before) await writeVerdict("tools", memory);
  return verdicts;
}

async function checkTool(
  tool: Tool,
  memory: VersionMemory,
  { searchPath, skipVersions = false }: ToolQuery,
): Promise<ToolVerdict> {
  const found = findFirst(tool.programs, searchPath);
  if (found === undefined) return { tool, status: "missing" };
  const { path } = found;
  if (skipVersions || tool.versionArgs === undefined) return { tool, status: "ok", path };
  const version = await rememberedVersion(found, tool, memory);
  if (version === undefined) return { tool, status: "broken", path };
  const tooOld = tool.minimum !== undefined && compareVersions(version, tool.minimum) < 0;
  return { tool, status: tooOld ? "too old" : "ok", path, version };
}

function findFirst(
  names: readonly string[],
  searchPath: string | undefined,
): FoundProgram | undefined {
  for (const name of names) {
    const found = findProgram(name, searchPath);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A program's path, version, size and time as a part of a key; `undefined` without a version. */
export async function programIdentity(
  name: string,
  versionArgs: readonly string[] = ["--version"],
): Promise<string | undefined> {
  const found = findProgram(name);
  if (found === undefined) return undefined;
  const memory = await readVersionMemory();
  const before = JSON.stringify(memory);
  const version = await rememberedVersion(found, { versionArgs }, memory);
  if (JSON.stringify(memory) !== before) await writeVerdict("tools", memory);
  if (version === undefined) return undefined;
  return `${found.path} ${version} (${found.bytes} bytes of ${found.changedMs})`;
}

/** Versions by path, each with the size and time of change of the file that gave it. */
type VersionMemory = Record<string, { bytes: number; changedMs: number; version: string }>;

async function readVersionMemory(): Promise<VersionMemory> {
  const isMemory = (value: unknown): value is VersionMemory =>
    isRecord(value) &&
    Object.values(value).every((entry) =>
      isRecord(entry) && typeof entry.bytes === "number" &&
      typeof entry.changedMs === "number" && typeof entry.version === "string" &&
      /^\d+(\.\d+)*$/.test(entry.version)
    );
  return await readVerdict("tools", isMemory) ?? {};
}

type HowToAsk = Pick<Tool, "versionArgs" | "versionPattern">;

async function rememberedVersion(
  { path, bytes, changedMs }: FoundProgram,
  tool: HowToAsk,
  memory: VersionMemory,
): Promise<string | undefined> {
  const known = memory[path];
  if (known?.bytes === bytes && known.changedMs === changedMs) return known.version;
  const version = await askVersion(path, tool);
  if (version === undefined) delete memory[path];
  else memory[path] = { bytes, changedMs, version };
  return version;
}

/** `undefined` if the program fails or says nothing like a version, as macOS's stubs do. */
async function askVersion(path: string, tool: HowToAsk): Promise<string | undefined> {
  try {
    // Generous: the first start of a program from a cold disk can take long.
    const { code, stdout, stderr } = await $`${path} ${tool.versionArgs ?? []}`
      .env({ LC_ALL: "C" }).with({ timeoutMs: 20_000 }).noThrow();
    return code === 0 ? parseVersion(`${stdout}\n${stderr}`, tool.versionPattern) : undefined;
  } catch (error) {
    const cannotRun = error instanceof HostError ||
      (error instanceof DOMException && error.name === "TimeoutError");
    if (cannotRun) return undefined;
    throw error;
  }
}

/** One line about a tool that is missing, too old or broken: `qemu-img 6.2.0 is older than 7.2`. */
export function describeVerdict({ tool, status, path, version }: ToolVerdict): string {
  switch (status) {
    case "ok":
      return version === undefined ? tool.name : `${tool.name} ${version}`;
    case "missing":
      return `${tool.name} is missing (${tool.purpose})`;
    case "too old":
      return `${tool.name} ${version} is older than ${tool.minimum} (${path})`;
    case "broken":
      return `${tool.name} does not tell its version (${path})`;
  }
}
