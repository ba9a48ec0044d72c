import { $ } from "../../base/process/dollar.ts";
import { checkTools, type ToolVerdict } from "./tools.ts";
import { compareVersions } from "../../base/versions.ts";

/**
 * Older versions let a hostile other side write anywhere: CVE-2024-12084 to 12088, CVE-2024-12747.
 */
const MENDED = "3.4.0";

/**
 * Fixed packages of older versions: the beginning of their versions, and the first number after it.
 */
const MENDED_PACKAGES: readonly (readonly [prefix: string, first: number])[] = [
  ["3.2.3-4+deb11u", 2],
  ["3.2.7-1+deb12u", 1],
  ["3.2.7-0ubuntu0.22.04.", 3],
  ["3.2.7-1ubuntu1.", 1],
  ["3.3.0-1ubuntu0.", 1],
];

/** Where Debian's package puts the program. */
const PACKAGED = "/usr/bin/rsync";

let told = false;

/** A warning about the host's rsync before it talks to a guest; only the first time. */
export async function firstRsyncWarning(signal?: AbortSignal): Promise<string | undefined> {
  if (told) return undefined;
  told = true;
  const rsync = (await checkTools(["vm"])).find(({ tool }) => tool.name === "rsync");
  return rsync && await rsyncWarning(rsync, { signal });
}

/** Why guests should not be trusted with this rsync; `undefined` if they may be. */
export async function rsyncWarning(
  { version, path }: Pick<ToolVerdict, "version" | "path">,
  options: { readonly packaged?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<string | undefined> {
  if (version === undefined || path === undefined) return undefined;
  if (compareVersions(version, MENDED) >= 0) return undefined;
  const isPackaged = await Deno.realPath(path).catch(() => path) === (options.packaged ?? PACKAGED);
  if (isPackaged && isMendedPackage(await packageVersion(options.signal))) return undefined;
  return `rsync ${version} (${path}) believes a hostile guest, which may read and write your ` +
    `files (CVE-2024-12084 to 12088). Upgrade it to ${MENDED}, or to a package that names them in ` +
    "its changelog";
}

/** Whether a Debian package of an older rsync has the mends. */
export function isMendedPackage(version: string): boolean {
  return MENDED_PACKAGES.some(([prefix, first]) =>
    version.startsWith(prefix) && parseInt(version.slice(prefix.length)) >= first
  );
}

/** The version of the rsync package that dpkg has; "" without one, or without dpkg. */
async function packageVersion(signal: AbortSignal | undefined): Promise<string> {
  try {
    const text = await $`dpkg -s rsync`.signal(signal).env({ LC_ALL: "C" }).noThrow().text();
    return /^Version: (?:\d+:)?(\S+)$/m.exec(text)?.[1] ?? "";
  } catch (error) {
    if (signal?.aborted) throw error;
    return "";
  }
}
