import { delay } from "@std/async";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { identityOf } from "../base/files/file_record.ts";
import { sha256File } from "../base/files/file_digest.ts";
import { type BytePath, isGarbled, toText } from "../project/path_bytes.ts";

/** A file, link or directory of a project, as it is on the host. */
interface HostFile {
  /** `f MODE`, `l TARGET`, `d MODE`; empty for what cannot be looked at. */
  readonly kind: string;
  /** Of a file's content. */
  readonly digest: string;
  /** What tells that a file has not been written to since; see `identityOf()`. */
  readonly identity: string;
}

/** As it was when it was sent. */
export interface SentFile extends HostFile {
  /** What `statGuestTree()` then said of it. */
  readonly guest: string;
}

/** How a project and a guest's copy of it differ. */
export interface Comparison {
  /** By path, what of the listed files is there. */
  readonly files: ReadonlyMap<BytePath, HostFile>;
  /** What has come, has gone, or is of another kind or mode than was sent. */
  readonly moved: readonly BytePath[];
  /** Files with other content than was sent. */
  readonly changed: readonly BytePath[];
  /** What is no longer in the guest as it was sent, or is of the guest alone. */
  readonly dirty: readonly BytePath[];
}

/**
 * Compares a project with what was sent of it, and with what the guest has of that. Neither sizes nor
 * times decide, but content, which is read where the host's file has been written to since.
 *
 * @param there what `statGuestTree()` says of the guest's copy
 */
export async function compareProject(
  dir: string,
  paths: readonly BytePath[],
  sent: ReadonlyMap<BytePath, SentFile>,
  there: ReadonlyMap<BytePath, string>,
  signal: AbortSignal,
): Promise<Comparison> {
  const files = new Map<BytePath, HostFile>();
  const moved: BytePath[] = [];
  const changed: BytePath[] = [];
  for (const [at, path] of paths.entries()) {
    if (at % 500 === 0) await delay(0, { signal });
    const before = sent.get(path);
    const file = await describe(join(dir, toText(path)), before);
    if (file === undefined) continue;
    files.set(path, file);
    if (before?.kind !== file.kind || file.kind === "") moved.push(path);
    else if (before.digest !== file.digest) changed.push(path);
  }
  moved.push(...sent.keys().filter((path) => !files.has(path)));
  const dirty = [...there].filter(([path, line]) => sent.get(path)?.guest !== line);
  const lost = sent.keys().filter((path) => !there.has(path));
  return { files, moved, changed, dirty: [...dirty.map(([path]) => path), ...lost] };
}

/** `undefined` if it has gone since it was listed. */
async function describe(path: string, before?: SentFile): Promise<HostFile | undefined> {
  const unknown = { kind: "", digest: "", identity: "" };
  if (isGarbled(path)) return unknown;
  try {
    const info = Deno.lstatSync(path);
    const mode = ((info.mode ?? 0) & 0o7777).toString(8);
    if (info.isSymlink) return { ...unknown, kind: `l ${Deno.readLinkSync(path)}` };
    if (!info.isFile) return { ...unknown, kind: `d ${mode}` };
    const identity = identityOf(info);
    const isSame = identity !== "" && identity === before?.identity;
    return {
      ...{ kind: `f ${mode}`, identity },
      digest: isSame ? before.digest : await digestOf(path, info.size),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // Sending it will tell why.
    return unknown;
  }
}

/** A stream takes a millisecond for each file. */
async function digestOf(path: string, bytes: number): Promise<string> {
  if (bytes > 2 ** 20) return await sha256File(path);
  return createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
}

/** Whether a file still is as it was when it was compared. */
export async function isAsSent(dir: string, path: BytePath, file: HostFile): Promise<boolean> {
  const now = await describe(join(dir, toText(path)), { ...file, guest: "" });
  return now?.kind === file.kind && now.digest === file.digest;
}
