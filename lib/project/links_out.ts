import { isAbsolute, join } from "@std/path";
import { isFile } from "../base/files/directories.ts";
import { type BytePath, isGarbled, parentOf, toText } from "./path_bytes.ts";

/** As many are named; a tree may have thousands. */
const NAMED = 5;

/** What every system has. */
const EVERYWHERE = /^\/(?:dev|proc|sys)(?:\/|$)/;

/**
 * Names the links of a project that lead out of it, or to this host's own paths, and lead somewhere
 * here: in a guest they lead to nothing, or to something else. Undefined without any.
 */
export async function linksOutWarning(
  dir: string,
  links: readonly BytePath[],
): Promise<string | undefined> {
  const found: string[] = [];
  for (const link of links) {
    const path = toText(link);
    const target = isGarbled(path) ? "" : await Deno.readLink(join(dir, path)).catch(() => "");
    const isOut = isAbsolute(target)
      ? !EVERYWHERE.test(target)
      : /^\.\.(?:\/|$)/.test(join(toText(parentOf(link)), target));
    if (!isOut || !await Deno.stat(join(dir, path)).then(() => true, () => false)) continue;
    found.push(`${JSON.stringify(path)} -> ${JSON.stringify(target)}`);
  }
  if (found.length === 0) return undefined;
  const more = found.length > NAMED ? `, and ${found.length - NAMED} more` : "";
  return `Guests do not have what these links of the project lead to: ${
    found.slice(0, NAMED).join(", ")
  }${more}. Replace them by copies if guests need them.`;
}

/** Why a guest has no use for `.git`; undefined if it has. */
export async function brokenRepository(dir: string): Promise<string | undefined> {
  if (!await isFile(join(dir, ".git"))) return undefined;
  return `Cannot send the repository of ${JSON.stringify(dir)}: its .git is a file that names a ` +
    "directory of this host, as in linked work trees and submodules";
}
