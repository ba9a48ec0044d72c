import { join } from "@std/path";
import { findInGuest } from "../../guest/guest_tree.ts";
import { type BytePath, isGarbled, toText } from "../../project/path_bytes.ts";
import type { SshConnection } from "../../guest/ssh.ts";
import type { Listing } from "./sync_plan.ts";

/** The marks of these files of the host, except those that have been removed in the meantime. */
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

/** Files and links of one side: the marks of those that a sync can copy, and the names of others. */
interface Listed {
  readonly marks: Listing;
  /** Names that are not UTF-8. */
  readonly garbled: readonly string[];
}

/** The files and links of a list of the host. */
export async function listHostFiles(dir: string, paths: readonly BytePath[]): Promise<Listed> {
  const texts = paths.filter((path) => !path.endsWith("/")).map(toText);
  const marks = await listHost(dir, texts.filter((path) => !isGarbled(path)));
  return { marks, garbled: texts.filter(isGarbled) };
}

/** The files and links of the guest that are taken. Throws as {@link findInGuest} does. */
export async function listGuest(
  ssh: SshConnection,
  dir: string,
  takes: (path: BytePath) => boolean,
  signal?: AbortSignal,
): Promise<Listed> {
  const tests = ["(", "-type", "f", "-o", "-type", "l", ")", "-printf", FORMAT];
  const marks = new Map<string, string>();
  const garbled: string[] = [];
  for (const [path, mark] of parseFind(await findInGuest(ssh, dir, tests, signal))) {
    if (!isInside(path) || !takes(path)) continue;
    const text = toText(path);
    if (isGarbled(text)) garbled.push(text);
    else marks.set(text, mark);
  }
  return { marks, garbled };
}

/** Whether a guest's directory contains any file, ignored or not. Throws like {@link listGuest}. */
export async function haveFilesInGuest(
  ssh: SshConnection,
  dir: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const tests = ["!", "-type", "d", "-printf", "x", "-quit"];
  return await findInGuest(ssh, dir, tests, signal) !== "";
}

/** Reads the output of find in {@link FORMAT}. */
function parseFind(text: BytePath): Map<BytePath, string> {
  const marks = new Map<string, string>();
  const fields = text.split("\0");
  for (let at = 0; at + FIELDS <= fields.length; at += FIELDS) {
    const [type, size = "", time = "", mode = "", target = "", path = ""] = fields.slice(at);
    // "1700000000.1234567890": whole milliseconds, as JavaScript has them.
    const [seconds = "", fraction = ""] = time.split(".");
    const modifiedMs = Number(seconds) * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
    marks.set(
      path,
      type === "l"
        ? `l ${toText(target)}`
        : fileMark(Number(size), modifiedMs, parseInt(mode, 8) & 0o111),
    );
  }
  return marks;
}

const fileMark = (size: number, modifiedMs: number, executable: number) =>
  `f ${size} ${modifiedMs}${executable === 0 ? "" : "x"}`;

/** A path from a guest is accepted only if it stays inside the directory. */
const isInside = (path: string) =>
  path !== "" && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
