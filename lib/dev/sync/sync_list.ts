import { join } from "@std/path";
import { WorkError } from "../../base/errors.ts";
import { execText } from "../../guest/exec_text.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import type { Listing } from "./sync_plan.ts";

/** The marks of these files of the host; one that is gone meanwhile is left out. */
export async function listHost(dir: string, paths: readonly string[]): Promise<Listing> {
  const marks = new Map<string, string>();
  for (const path of paths) {
    const full = join(dir, path);
    const info = await Deno.lstat(full).catch(() => undefined);
    if (info?.isSymlink) marks.set(path, `l ${await Deno.readLink(full)}`);
    else if (info?.isFile) {
      marks.set(path, fileMark(info.size, info.mtime?.getTime() ?? 0, (info.mode ?? 0) & 0o111));
    }
  }
  return marks;
}

/** Type, size, time of change, mode, and a link's target, each ended by a NUL byte as no name has. */
const FORMAT = "%y\\0%s\\0%T@\\0%m\\0%l\\0%P\\0";
const FIELDS = 6;

/** The marks of these files of the guest. Throws {@link WorkError} when it cannot be listed. */
export async function listGuest(
  ssh: SshConnection,
  dir: string,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<Listing> {
  if (paths.length === 0) return new Map();
  const tests = ["(", "-type", "f", "-o", "-type", "l", ")", "-printf", FORMAT];
  const all = parseFind(await findInGuest(ssh, dir, tests, signal));
  const marks = new Map<string, string>();
  for (const path of paths) {
    const mark = all.get(path);
    if (mark !== undefined && isInside(path)) marks.set(path, mark);
  }
  return marks;
}

/**
 * Whether a directory of the guest has anything in it but directories, ignored by the project or
 * not. Throws as {@link listGuest}.
 */
export async function haveFilesInGuest(
  ssh: SshConnection,
  dir: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const tests = ["!", "-type", "d", "-printf", "x", "-quit"];
  return await findInGuest(ssh, dir, tests, signal) !== "";
}

/** A list of half a million files. */
const MAX_LIST_CHARS = 64 * 1024 * 1024;

async function findInGuest(
  ssh: SshConnection,
  dir: string,
  tests: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const { code, stdout, lastLines } = await execText(ssh, ["find", ".", ...tests], {
    ...{ cwd: dir, maxChars: MAX_LIST_CHARS },
    ...(signal === undefined ? {} : { signal }),
  });
  if (code === 0) return stdout;
  throw new WorkError(`Cannot list "${dir}" in guest "${ssh.name}": find ended with ${code}`, {
    details: lastLines(4),
  });
}

/** Reads what find prints in {@link FORMAT}. */
export function parseFind(text: string): Map<string, string> {
  const marks = new Map<string, string>();
  const fields = text.split("\0");
  for (let at = 0; at + FIELDS <= fields.length; at += FIELDS) {
    const [type, size = "", time = "", mode = "", target = "", path = ""] = fields.slice(at);
    // "1700000000.1234567890": whole milliseconds, as JavaScript has them.
    const [seconds = "", fraction = ""] = time.split(".");
    const modifiedMs = Number(seconds) * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
    marks.set(
      path,
      type === "l" ? `l ${target}` : fileMark(Number(size), modifiedMs, parseInt(mode, 8) & 0o111),
    );
  }
  return marks;
}

const fileMark = (size: number, modifiedMs: number, executable: number) =>
  `f ${size} ${modifiedMs}${executable === 0 ? "" : "x"}`;

/** What a guest calls a path is believed only if it stays inside the directory. */
const isInside = (path: string) =>
  path !== "" && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
